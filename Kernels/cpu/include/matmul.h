#pragma once
#include <stdbool.h>
#include <stdint.h>

// A matrix in memory: element (i, j) at data[i · stride + j], or at data[j · stride + i] if
// transposed.
struct matrix_f32 {
  const float *data;
  int64_t stride;
  bool transposed;
};

struct matmul_f32 {
  int64_t rows, columns, inner;
  struct matrix_f32 left, right;
  // Row-major and without gaps.
  float *result;
  // Called once for each part of the result when it is complete; may be NULL.
  void (*finish)(void *context, int64_t row, int64_t rows, int64_t column, int64_t columns);
  void *context;
  // Added to the rows that `finish` is told.
  int64_t first_row;
};

// Whether this processor has the instructions that these products are written for.
bool matmul_is_native(void);
// result = left · right, each element summed in the same order whatever the number of threads.
void matmul_f32(const struct matmul_f32 *product);
// The same on the calling thread.
void matmul_alone_f32(const struct matmul_f32 *product);
// `count` products whose matrices lie at these offsets in elements; the results follow each other,
// and `finish` counts their rows as those of one tall matrix.
void matmul_batch_f32(
    const struct matmul_f32 *product, int64_t count, const int64_t *left_offsets,
    const int64_t *right_offsets);
