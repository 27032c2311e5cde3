#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef enum : uint8_t {
  softmax_forward,
  softmax_logarithm,
  softmax_gradient,
  softmax_logarithm_gradient,
} softmax_kind;

typedef enum : uint8_t { softmax_unmasked, softmax_mask_bool, softmax_mask_added } softmax_mask;

// A softmax along the middle axis of [outer, count, inner], row-major, or its gradient.
typedef struct {
  softmax_kind kind;
  bool is_float64, is_causal;
  // What stands in a mask, and where: row r is [batch, head, query], row-major.
  softmax_mask mask;
  int64_t outer, count, inner;
  // What elements are multiplied by first.
  double scale;
  int64_t heads, queries;
  // In elements, along batch, head, query and count.
  int64_t mask_start, mask_strides[4];
} softmax_shape;

int64_t softmax_workspace(const softmax_shape *shape);
// `x` is what the softmax is taken of, or was made by it; `second` is the mask, or the gradient.
void softmax_run(
    const softmax_shape *shape, const void *x, const void *second, void *result, void *workspace);
