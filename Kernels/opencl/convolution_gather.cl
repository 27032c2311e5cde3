#pragma OPENCL FP_CONTRACT OFF

// Which elements of an image [batch, rows, columns, channels] windows see, and where the results of
// windows go.
//
// Forward, windows slide over the input. For the gradient of the input they slide over the gradient
// of the result by steps of one: positions of the input that lie a stride apart are seen by the same
// taps, and are one phase. A launch computes one phase, or all of them side by side.
typedef struct {
  // The image, and the channels of it that one group sees.
  int batch, rows, columns, pitch, channels;
  // Windows of an image. Tap (i, j) of window (y, x) is at row y * stride_down + i * step_down +
  // start_down.
  int down, across, taps_down, taps_across;
  int stride_down, stride_across, step_down, step_across, start_down, start_across;
  // The result, of which window (y, x) is at row y * every_down + first_down; the columns of the
  // product, which are phases_down * phases_across positions of some channels.
  int result_rows, result_columns, result_pitch, results;
  int first_down, first_across, every_down, every_across, phases_down, phases_across;
  // The filter's taps, and the convolution it belongs to.
  int filter_down, filter_across, filter_stride_down, filter_stride_across;
  int filter_dilation_down, filter_dilation_across, filter_before_down, filter_before_across;
} Gather;
