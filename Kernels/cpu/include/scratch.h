#pragma once
#include <stdint.h>

// What a thread keeps scratch memory for.
typedef enum : uint8_t {
  scratch_left,
  scratch_right,
  scratch_shared,
  scratch_product,
  scratch_tile,
  scratch_program,
  scratch_epilogue,
  scratch_sort,
  scratch_matrix,
  scratch_uses,
} scratch_use;

// At least `bytes` bytes on a cache line's boundary, the calling thread's own until it asks for the
// same use again. Freed when the thread ends.
void *scratch(scratch_use use, int64_t bytes);
