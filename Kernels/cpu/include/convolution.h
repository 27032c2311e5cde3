#pragma once
#include <stdbool.h>
#include <stdint.h>

// A window that slides along one spatial axis: tap `t` of window `o` sees position
// `o · stride + t · dilation - before`, nothing if that is outside of 0..<input.
typedef struct {
  int64_t input, taps, dilation, stride, before, output;
} convolution_window;

// Images [batch, rows, columns, inputs], filters [rows, columns, inputs / groups, outputs], results
// [batch, rows, columns, outputs].
typedef struct {
  int64_t batch;
  convolution_window rows, columns;
  int64_t inputs, outputs, groups;
} convolution_shape;

typedef enum : uint8_t {
  convolution_forward,
  convolution_input_gradient,
  convolution_filter_gradient,
} convolution_pass;

typedef enum : uint8_t {
  // Plain loops, for any shape.
  convolution_plain_float32,
  convolution_plain_float64,
  // The others are for processors that convolution_is_native says yes for.
  // Windows of one position with stride 1 and no padding: one product of matrices.
  convolution_pointwise_product,
  // Windows of three by three with stride 1: Winograd's transforms.
  convolution_transformed,
  // A product whose patches are never stored.
  convolution_product,
  // Each channel by itself.
  convolution_by_channels,
  // Channels as planes, where results have few.
  convolution_by_planes,
  // A product whose patches are packed as tiles, some at a time: where convolution_is_packed.
  convolution_packed_product,
} convolution_method;

typedef struct {
  convolution_shape shape;
  // Forward the images and the filter; for the gradient of the input that of the result and the
  // filter; for the gradient of the filter the images and the gradient of the result.
  const void *first, *second;
  // A number for each channel of the result, added to it; may be NULL. Only for methods that
  // convolution_takes_bias, and never for the gradient of a filter.
  const float *bias;
  void *result;
  // convolution_workspace(…) bytes, on a cache line's boundary.
  void *workspace;
  // Called once for each part of the result when it is complete, the result being a matrix of
  // positions and channels; may be NULL. Never called for the gradient of a filter.
  void (*finish)(void *context, int64_t row, int64_t rows, int64_t column, int64_t columns);
  void *context;
} convolution_work;

// Whether this processor has the vectors that the methods are written for.
bool convolution_is_native(void);
// Whether convolution_by_planes computes the pass, and faster.
bool convolution_is_planar(convolution_pass pass, const convolution_shape *shape);
// Whether convolution_packed_product computes the pass, and faster.
bool convolution_is_packed(convolution_pass pass, const convolution_shape *shape);
bool convolution_takes_bias(convolution_method method);
int64_t convolution_workspace(
    convolution_method method, convolution_pass pass, const convolution_shape *shape);
// Each element is summed in the same order whatever the number of threads.
void convolution_run(
    convolution_method method, convolution_pass pass, const convolution_work *work);
