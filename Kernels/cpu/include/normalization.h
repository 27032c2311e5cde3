#pragma once
#include <stdint.h>

// The middle axis of [outer, count, inner], row-major, of float or double.
typedef struct {
  uint8_t is_float64;
  int64_t outer, count, inner;
} normalization_shape;

int64_t normalization_workspace(const normalization_shape *shape);

// Mean and biased variance along the middle axis, each [outer, inner], in one pass over `x`.
void normalization_moments(
    const normalization_shape *shape, const void *x, void *mean, void *variance, void *workspace);

// The sums of `g` and of `g * (x - mean)` along the middle axis, each [outer, inner] as `mean` is,
// in one pass over both.
void normalization_sums(
    const normalization_shape *shape, const void *g, const void *x, const void *mean, void *sum,
    void *product_sum, void *workspace);
