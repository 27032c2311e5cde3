#pragma once
#include <stdint.h>

// Where the elements of a part lie on one side, counted in elements.
typedef struct {
  int64_t offset;
  int64_t strides[8];
} assembly_side;

// Elements that are copied from one layout to another.
typedef struct {
  int32_t rank;
  int32_t element_size;
  int64_t extents[8];
  assembly_side source, destination;
} assembly_part;

void assembly_copy(const assembly_part *part, const void *source, void *destination);
// The element's `element_size` bytes are the low ones of `value`.
void assembly_fill(void *destination, int64_t count, int32_t element_size, uint64_t value);
