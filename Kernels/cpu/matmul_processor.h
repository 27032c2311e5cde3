#pragma once
#include <stdbool.h>
#include <stdint.h>

// How products are cut for one kind of processor.
struct processor {
  int rows, left_stride, columns;
  // The most of the summed index at a time, and of the columns: together they stay in the
  // second-level cache.
  int64_t inner, block;
  // The most panels of rows in a chunk, and the fewest if the right matrix is large.
  int64_t most, fewest;
  void (*multiply)(
      int rows, int64_t columns, int64_t k, const float *left, const float *right,
      int64_t right_stride, int64_t panel, float *result, int64_t result_stride, bool adds);
  void (*pack_left)(
      const float *from, int64_t from_stride, bool across, int rows, int64_t k, float *to);
  void (*pack_right)(
      const float *from, int64_t from_stride, bool across, int64_t columns, int64_t k, float *to);
  void (*dots)(
      int64_t rows, int64_t k, const float *matrix, int64_t stride, const float *vector,
      float *result);
  void (*combination)(
      int64_t columns, int64_t k, const float *matrix, int64_t stride, const float *vector,
      float *result);
};

// What this processor multiplies with, or NULL if there is nothing for it.
const struct processor *matmul_processor(void);
