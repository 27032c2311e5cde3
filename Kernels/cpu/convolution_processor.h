#pragma once
#include <stdbool.h>
#include <stdint.h>

// What the vectorised methods are made of, for one kind of processor.

struct outer_operands {
  const float *left, *right;
  int64_t runs, left_run, right_run;
  int64_t length, left_stride, right_stride;
};

// Where something is called `start`, results begin with it rather than with 0: the bias. Only the
// transform of results looks at it.
typedef void (*convolution_tile)(
    int rows, const float *left, int64_t stride, const int64_t *offsets, int64_t segments,
    int64_t length, const float *right, const float *start, float *result,
    int64_t result_stride);
typedef void (*convolution_outer)(
    int rows, const struct outer_operands *operands, float *result, int64_t result_stride,
    bool adds);
typedef void (*convolution_dots)(
    int64_t rows, int channels, const float *left, int64_t stride, const int64_t *offsets,
    int64_t segments, int64_t length, int64_t pitch, const float *weights, const float *start,
    float *result, int64_t result_stride);
typedef void (*depthwise_row)(
    const float *from, int64_t stride, const int64_t *offsets, const float *weights,
    const int64_t *taps, int64_t tap_count, const float *start, float *to, int64_t to_stride,
    int64_t count, int64_t channels, int64_t ahead);
typedef void (*depthwise_filter_row)(
    const float *from, int64_t stride, const int64_t *offsets, const float *gradients,
    const int64_t *taps, int64_t tap_count, float *sums, int64_t count, int64_t channels,
    int64_t ahead, int64_t gradients_ahead);
typedef void (*convolution_transform)(
    const float *from, int64_t row, int64_t column, float *to, int64_t to_row, int64_t to_column,
    int64_t count, const float *start);

enum { FEW_CHANNELS = 4, PLANES = 8 };

// Rows of images whose channels are planes, and what becomes of them.
struct planes_operands {
  // Rows are `pitch` floats from each other; term t of a result is offsets[t] from its own place.
  const float *left;
  int64_t pitch;
  const int64_t *offsets;
  int64_t terms;
  // [term][channel]
  const float *weights, *start;
  int64_t rows, columns;
  // [row][column][channel]
  float *result;
};

// A row of the filter's gradient: images and gradients of results, whose channels are planes.
struct plane_sums_operands {
  // Of the first tap; taps are `step` floats from each other, rows `pitch`.
  const float *left;
  int64_t pitch, step, taps;
  const float *gradients;
  int64_t gradient_pitch, gradient_plane;
  int64_t rows, columns;
  // [tap][channel][lane], added to
  float *sums;
};

typedef void (*convolution_planes)(int channels, const struct planes_operands *operands);
typedef void (*convolution_plane_sums)(int channels, const struct plane_sums_operands *operands);

struct convolution_processor {
  // Floats in a vector, and rows of a tile of two vectors; one of one vector has twice as many.
  int lanes, rows;
  // For results of one vector and of two.
  convolution_tile tile[2];
  convolution_outer outer[2];
  // For results of at most FEW_CHANNELS channels.
  convolution_dots dots;
  // For results of at most PLANES channels.
  convolution_planes planes;
  convolution_plane_sums plane_sums;
  // The sum of the floats of a vector.
  float (*total)(const float *vector);
  depthwise_row depthwise;
  depthwise_filter_row depthwise_filter;
  convolution_transform image, result, filter, gradient, filter_result;
};

// Of the processor that this runs on, or NULL if it has no vectors that the methods are written
// for.
const struct convolution_processor *convolution_processor(void);
