#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef enum : uint8_t {
  sort_float32,
  sort_float64,
  sort_float16,
  sort_bfloat16,
  sort_int32,
  sort_int64,
  sort_uint8,
} sort_type;

// The order along the middle axis of [outer, count, inner], row-major: which elements are the first
// `limit`, of equal ones the first, NaN after all others in either direction.
typedef struct {
  sort_type type;
  bool is_descending;
  int64_t outer, count, inner, limit;
} sort_shape;

// result, [outer, limit, inner], is where those elements are along the axis.
void sort_run(const sort_shape *shape, const void *x, int32_t *result);

// For each of `n` values the place in `count` ascending bounds, for each of `outer`: the number of
// bounds below it, or of those not above it if `is_right`. NaN is above all.
typedef struct {
  sort_type type;
  bool is_right;
  // Whether all of `outer` have the same bounds.
  bool is_shared;
  int64_t outer, count, n;
} search_shape;

void search_run(const search_shape *shape, const void *bounds, const void *values, int32_t *result);
