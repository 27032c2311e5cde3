#pragma once
#include <stdbool.h>
#include <stdint.h>

// A window that slides along one axis: `taps` of them, `dilation` apart, the first of all windows
// `before` positions ahead of the input.
typedef struct {
  int64_t input, output, taps, stride, dilation, before;
} patches_window;

// Images [batch, rows, columns, channels] and what windows over them see, [batch, windows along
// rows, along columns, taps along rows, along columns, channels].
typedef struct {
  int64_t batch, channels;
  patches_window rows, columns;
} patches_shape;

// Copies what each window sees; zeros beside the image. Elements have `size` bytes.
void patches_copy(const patches_shape *shape, int32_t size, const void *input, void *patches);
// Adds up what windows see at each position, in row-major order of the taps. float32, or float64.
void patches_fold(const patches_shape *shape, bool is_float64, const void *patches, void *result);
