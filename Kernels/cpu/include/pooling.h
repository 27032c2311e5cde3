#pragma once
#include <stdbool.h>
#include <stdint.h>

// Windows over images [batch, rows, columns, channels], channels last, whose stretches along either
// axis are listed: a result at (i, j) is made of rows first ..< first + count of `rows[i]` and of
// the columns of `columns[j]`.

typedef enum : uint8_t {
  pooling_float32,
  pooling_float64,
  pooling_int32,
  pooling_int64
} pooling_type;

// Positions of one axis: for weighted sums the weights that begin at `start`, and what the sum is
// divided by.
typedef struct {
  int32_t first, count, start, divisor;
} pooling_span;

typedef struct {
  pooling_type type;
  // Whether winners are int32 indices into the plane of rows and columns; else they are bytes that
  // count positions from the window's first, `width` to a row.
  bool is_plane;
  int32_t width;
  int64_t batch, channels;
  int64_t input_rows, input_columns, output_rows, output_columns;
  // What each result is made of.
  const pooling_span *rows, *columns;
  // What results each input is part of.
  const pooling_span *row_owners, *column_owners;
} pooling_shape;

// The largest of each window, and where it is if `winners` is not NULL. Of equal ones the first;
// of NaNs the last.
void pooling_maximum(const pooling_shape *shape, const void *input, void *results, void *winners);
// Each input gets the sum of `values` of the windows that it won. float32 and float64.
void pooling_spread(
    const pooling_shape *shape, const void *values, const void *winners, void *result);
// The inputs that won. float32 and float64.
void pooling_pick(const pooling_shape *shape, const void *input, const void *winners, void *values);

typedef struct {
  pooling_type type;
  int64_t batch, channels;
  int64_t input_rows, input_columns, output_rows, output_columns;
  const pooling_span *rows, *columns;
  // Of the shape's type.
  const void *row_weights, *column_weights;
} pooling_sum;

// result[n,i,j,c] = Σ column weight · (Σ row weight · input[n,r,k,c]) / divisors. float32 and
// float64.
void pooling_sum_run(const pooling_sum *sum, const void *input, void *result);
