#pragma OPENCL FP_CONTRACT OFF

// Convolutions with few results, for GPUs: one work item a result. convolution_gather.cl comes before,
// and matmul.cl before that. A sum is a chain of fma over taps, row-major, and in each over channels.

#ifdef INPUT_GRADIENT
// Tap `i` of a gather along an axis, as a tap of the filter.
#define FILTER_TAP(axis, i)                                                                     \
  ((g.first_##axis + g.filter_before_##axis -                                                   \
    (g.start_##axis + (i)*g.step_##axis) * g.filter_stride_##axis) / g.filter_dilation_##axis)
#else
#define FILTER_TAP(axis, i) (i)
#endif

__kernel __attribute__((reqd_work_group_size(64, 1, 1))) void convolution_direct(
    PROGRAM_PARAMETERS __global const ELEMENT *restrict image, const long image_start,
    __global const ELEMENT *restrict filter, const long filter_start, __global RESULT *result,
    const long result_start, const Gather g) {
  const long e = get_global_id(0);
  const long window = e / g.result_pitch, line = window / g.across;
  const int channel = (int)(e - window * g.result_pitch);
  if (line >= (long)g.batch * g.down) return;
  const int group = channel / g.results, n = (int)(line / g.down);
  const int y = (int)(line - (long)n * g.down), x = (int)(window - line * g.across);
  VALUE sum = 0;
  for (int i = 0; i < g.taps_down; i++) {
    const int row = y * g.stride_down + i * g.step_down + g.start_down;
    if (row < 0 || row >= g.rows) continue;
    for (int j = 0; j < g.taps_across; j++) {
      const int column = x * g.stride_across + j * g.step_across + g.start_across;
      if (column < 0 || column >= g.columns) continue;
      __global const ELEMENT *a = image + image_start +
                                  ((long)n * g.rows * g.columns + row * g.columns + column) *
                                      g.pitch + group * g.channels;
      const int tap = FILTER_TAP(down, i) * g.filter_across + FILTER_TAP(across, j);
#ifdef INPUT_GRADIENT
      // [tap, result, all channels]
      __global const ELEMENT *b =
          filter + filter_start + ((long)tap * g.results + channel - group * g.results) * g.pitch +
          group * g.channels;
      for (int k = 0; k < g.channels; k++) sum = ACCUMULATE(LOAD(a, k), LOAD(b, k), sum);
#else
      // [tap, channel, all results]
      __global const ELEMENT *b =
          filter + filter_start + (long)tap * g.channels * g.result_pitch + channel;
      for (int k = 0; k < g.channels; k++)
        sum = ACCUMULATE(LOAD(a, k), LOAD(b, (long)k * g.result_pitch), sum);
#endif
    }
  }
  const VALUE one[1] = {sum};
  const long place = ((long)n * g.result_rows + y * g.every_down + g.first_down) *
                         g.result_columns + x * g.every_across + g.first_across;
  store_line(PROGRAM_ARGUMENTS one, 1, result + result_start, place * g.result_pitch + channel, place,
             channel);
}
