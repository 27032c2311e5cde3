#pragma once
#include <stdint.h>

typedef enum : uint8_t { matmul_int32, matmul_int64, matmul_uint8 } matmul_integer_type;

// Element (i, j) of a matrix at data[i · row_stride + j · column_stride].
typedef struct {
  const void *data;
  int64_t row_stride, column_stride;
} matmul_integer_operand;

// result = left · right, row-major without gaps; sums wrap around.
void matmul_integer(
    matmul_integer_type type, int64_t rows, int64_t columns, int64_t inner,
    matmul_integer_operand left, matmul_integer_operand right, void *result);
