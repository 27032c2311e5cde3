#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef enum : uint8_t { lookup_int32, lookup_int64, lookup_uint8 } lookup_index;

// Indices along the middle axis of [outer, count, inner], row-major: `indices` of them that stand
// for whole rows, or one for each element of [outer, indices, inner] if `is_along`. Negative ones
// count from the end, down to `lowest`.
typedef struct {
  lookup_index index;
  bool is_along;
  int32_t element_size;
  int64_t outer, count, inner, indices;
  int64_t lowest;
} lookup_shape;

// result[o,j,i] = x[o, index j, i]; zeros for an index out of range. Returns whether there was
// none.
bool lookup_gather(const lookup_shape *shape, const void *x, const void *indices, void *result);

int64_t lookup_value(lookup_index type, const void *indices, int64_t position);
// Where the first index is that is out of range, or -1.
int64_t lookup_first_fault(
    lookup_index type, const void *indices, int64_t n, int64_t lowest, int64_t highest);
