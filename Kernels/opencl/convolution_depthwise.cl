#pragma OPENCL FP_CONTRACT OFF

// Depthwise convolutions: each channel has one filter of its own. convolution_gather.cl comes before,
// and matmul.cl before that. Sums run over taps, row-major, or over windows.

// Channels at once: CPUs take them as vectors, of GPUs each work item takes one.
#if CPU_FLAVOUR
#define LANES 16
#else
#define LANES 1
#endif

// Channels that vectors take together.
#define CHANNELS 128

// The tap of the filter's axis that tap `i` of a gather is.
#ifdef INPUT_GRADIENT
#define FILTER_TAP(axis, i)                                                                        \
  ((g.first_##axis + g.filter_before_##axis - (g.start_##axis + (i)*g.step_##axis) *              \
   g.filter_stride_##axis) / g.filter_dilation_##axis)
#else
#define FILTER_TAP(axis, i) (i)
#endif

// The taps of an axis, from `low` to `high`, that are inside of `extent` for a window that begins at
// `place`.
#define INSIDE(place, step, taps, extent, low, high)                                    \
  const int low = place < 0 ? min((-(place) + step - 1) / step, taps) : 0;              \
  const int high = clamp(((extent) - (place) + step - 1) / step, low, taps);

#ifndef FILTER_GRADIENT

#if CPU_FLAVOUR && defined(FLOAT32)

// Windows at once.
#define WINDOWS 4

// Sums of `windows` neighbouring windows, the first of which begins at (row, column), for `width`
// channels, in stretches of 16 and one of what is left.
inline __attribute__((always_inline)) void sum_windows(
    float *sums, const int windows, __global const float *image, __global const float *filter,
    const Gather *shape, const int row, const int column, const int top, const int bottom,
    const int left, const int right, const int width) {
  const Gather g = *shape;
  const int next = g.stride_across * g.pitch;
  int channel = 0;
  for (; channel + 16 <= width; channel += 16) {
    float16 all[WINDOWS];
#pragma unroll
    for (int w = 0; w < windows; w++) all[w] = (float16)(0.0f);
    for (int i = top; i < bottom; i++) {
      __global const float *line =
          image + ((row + i * g.step_down) * g.columns + column) * g.pitch + channel;
      __global const float *factors =
          filter + FILTER_TAP(down, i) * g.filter_across * g.pitch + channel;
      for (int j = left; j < right; j++) {
        const float16 factor = vload16(0, factors + FILTER_TAP(across, j) * g.pitch);
#pragma unroll
        for (int w = 0; w < windows; w++)
          all[w] = fma(vload16(0, line + j * g.step_across * g.pitch + w * next), factor, all[w]);
      }
    }
#pragma unroll
    for (int w = 0; w < windows; w++) vstore16(all[w], 0, sums + w * CHANNELS + channel);
  }
  for (; channel < width; channel++)
    for (int w = 0; w < windows; w++) {
      float sum = 0;
      for (int i = top; i < bottom; i++)
        for (int j = left; j < right; j++)
          sum = fma(image[((row + i * g.step_down) * g.columns + column + j * g.step_across) *
                              g.pitch + w * next + channel],
                    filter[(FILTER_TAP(down, i) * g.filter_across + FILTER_TAP(across, j)) *
                               g.pitch + channel],
                    sum);
      sums[w * CHANNELS + channel] = sum;
    }
}

// One work item `chunk` lines of windows.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void convolution_depthwise(
    PROGRAM_PARAMETERS __global const float *restrict image, const long image_start,
    __global const float *restrict filter, const long filter_start, __global RESULT *result,
    const long result_start, const Gather g, const int chunk) {
  const int first = get_group_id(0) * chunk, end = min(g.batch * g.down, first + chunk);
  for (int l = first; l < end; l++) {
    const int n = l / g.down, y = l - n * g.down;
    const int row = y * g.stride_down + g.start_down;
    INSIDE(row, g.step_down, g.taps_down, g.rows, top, bottom)
    const long line_start =
        ((long)n * g.result_rows + y * g.every_down + g.first_down) * g.result_columns +
        g.first_across;
    for (int x = 0, count; x < g.across; x += count) {
      const int column = x * g.stride_across + g.start_across;
      INSIDE(column, g.step_across, g.taps_across, g.columns, left, right)
      const int beyond =
          column + (WINDOWS - 1) * g.stride_across + (g.taps_across - 1) * g.step_across;
      count = x + WINDOWS <= g.across && column >= 0 && beyond < g.columns ? WINDOWS : 1;
      for (int channel = 0; channel < g.pitch; channel += CHANNELS) {
        const int width = min(CHANNELS, g.pitch - channel);
        float sums[WINDOWS * CHANNELS];
        __global const float *from =
            image + image_start + (long)n * g.rows * g.columns * g.pitch + channel;
        if (count == WINDOWS) {
          sum_windows(sums, WINDOWS, from, filter + filter_start + channel, &g, row, column, top,
                      bottom, left, right, width);
        } else {
          sum_windows(sums, 1, from, filter + filter_start + channel, &g, row, column, top, bottom,
                      left, right, width);
        }
        for (int w = 0; w < count; w++) {
          const long line = line_start + (x + w) * g.every_across;
          store_line(PROGRAM_ARGUMENTS sums + w * CHANNELS, width, result + result_start,
                     line * g.pitch + channel, line, channel);
        }
      }
    }
  }
}

#else

// One work item `chunk` blocks of LANES channels of windows, one after the other.
__kernel void convolution_depthwise(
    PROGRAM_PARAMETERS __global const ELEMENT *restrict image, const long image_start,
    __global const ELEMENT *restrict filter, const long filter_start, __global RESULT *result,
    const long result_start, const Gather g, const int chunk) {
  image += image_start;
  filter += filter_start;
  const int blocks = (g.pitch + LANES - 1) / LANES;
  const long count = (long)g.batch * g.down * g.across * blocks;
  const long first = (long)get_global_id(0) * chunk, end = min(count, first + chunk);
  for (long u = first; u < end; u++) {
    const long window = u / blocks, line = window / g.across;
    const int channel = (int)(u - window * blocks) * LANES, width = min(LANES, g.pitch - channel);
    const int x = (int)(window - line * g.across), n = (int)(line / g.down);
    const int y = (int)(line - (long)n * g.down);
    const int row = y * g.stride_down + g.start_down, column = x * g.stride_across + g.start_across;
    INSIDE(row, g.step_down, g.taps_down, g.rows, top, bottom)
    INSIDE(column, g.step_across, g.taps_across, g.columns, left, right)
    VALUE sums[LANES];
    for (int k = 0; k < LANES; k++) sums[k] = 0;
    for (int i = top; i < bottom; i++)
      for (int j = left; j < right; j++) {
        __global const ELEMENT *a =
            image + (((long)n * g.rows + row + i * g.step_down) * g.columns + column +
                     j * g.step_across) * g.pitch + channel;
        __global const ELEMENT *b =
            filter + (FILTER_TAP(down, i) * g.filter_across + FILTER_TAP(across, j)) * g.pitch +
            channel;
        for (int k = 0; k < width; k++) sums[k] = ACCUMULATE(LOAD(a, k), LOAD(b, k), sums[k]);
      }
    const long place = ((long)n * g.result_rows + y * g.every_down + g.first_down) *
                           g.result_columns + x * g.every_across + g.first_across;
    store_line(PROGRAM_ARGUMENTS sums, width, result + result_start, place * g.pitch + channel, place,
               channel);
  }
}

#endif

#else

// Windows whose tap at `shift` from them is in the image.
#define WINDOWS_INSIDE(shift, low, high)                                                         \
  const int low =                                                                                \
      shift < 0 ? min((-(shift) + g.stride_across - 1) / g.stride_across, g.across) : 0;         \
  const int high =                                                                               \
      clamp((g.columns - (shift) + g.stride_across - 1) / g.stride_across, low, g.across);

#if CPU_FLAVOUR && defined(FLOAT32)

// Adds the products of `count` windows, `vectors` times 16 channels, to sums.
inline __attribute__((always_inline)) void add_line(__global float *sums, const int vectors,
                                                    __global const float *image, const int next,
                                                    __global const float *upstream,
                                                    const int pitch, const int count) {
  float16 all[CHANNELS / 16];
#pragma unroll
  for (int v = 0; v < vectors; v++) all[v] = vload16(v, sums);
  for (int x = 0; x < count; x++) {
#pragma unroll
    for (int v = 0; v < vectors; v++)
      all[v] = fma(vload16(v, image + x * next), vload16(v, upstream + x * pitch), all[v]);
  }
#pragma unroll
  for (int v = 0; v < vectors; v++) vstore16(all[v], v, sums);
}

// partial[piece, tap, channel] of the lines of windows of a piece. One work item CHANNELS channels of
// a piece.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void convolution_depthwise_filter_gradient(
    __global const float *restrict image, const long image_start,
    __global const float *restrict upstream, const long upstream_start,
    __global float *restrict partial, const long partial_start, const Gather g,
    const int piece_lines, const int pieces) {
  const int blocks = (g.pitch + CHANNELS - 1) / CHANNELS, taps = g.taps_down * g.taps_across;
  const int piece = get_group_id(0) / blocks;
  const int first = (get_group_id(0) - piece * blocks) * CHANNELS;
  const int width = min(CHANNELS, g.pitch - first);
  const int start = piece * piece_lines, end = min(g.batch * g.down, start + piece_lines);
  const int next = g.stride_across * g.pitch;
  image += image_start + first;
  upstream += upstream_start + first;
  partial += partial_start + (long)piece * taps * g.pitch + first;
  for (int tap = 0; tap < taps; tap++)
    for (int k = 0; k < width; k++) partial[tap * g.pitch + k] = 0;
  for (int line = start; line < end; line++) {
    const int n = line / g.down, y = line - n * g.down;
    for (int i = 0; i < g.taps_down; i++) {
      const int row = y * g.stride_down + i * g.step_down + g.start_down;
      if (row < 0 || row >= g.rows) continue;
      for (int j = 0; j < g.taps_across; j++) {
        const int shift = j * g.step_across + g.start_across;
        WINDOWS_INSIDE(shift, low, high)
        __global const float *a =
            image + (((long)n * g.rows + row) * g.columns + shift) * g.pitch + low * next;
        __global const float *b = upstream + ((long)line * g.across + low) * g.pitch;
        __global float *sums = partial + (i * g.taps_across + j) * g.pitch;
        int k = 0;
        if (width == CHANNELS) {
          add_line(sums, CHANNELS / 16, a, next, b, g.pitch, high - low);
          k = CHANNELS;
        }
        for (; k + 16 <= width; k += 16)
          add_line(sums + k, 1, a + k, next, b + k, g.pitch, high - low);
        for (; k < width; k++)
          for (int x = 0; x < high - low; x++)
            sums[k] = fma(a[x * next + k], b[x * g.pitch + k], sums[k]);
      }
    }
  }
}

#else

// partial[piece, tap, channel] of the lines of windows of a piece. One work item a tap of LANES
// channels.
__kernel void convolution_depthwise_filter_gradient(
    __global const ELEMENT *restrict image, const long image_start,
    __global const ELEMENT *restrict upstream, const long upstream_start,
    __global VALUE *restrict partial, const long partial_start, const Gather g,
    const int piece_lines, const int pieces) {
  const int blocks = (g.pitch + LANES - 1) / LANES, taps = g.taps_down * g.taps_across;
  const long unit = get_global_id(0);
  const int piece = (int)(unit / (blocks * taps)), rest = (int)(unit - (long)piece * blocks * taps);
  if (piece >= pieces) return;
  // Neighbouring work items have neighbouring channels.
  const int tap = rest / blocks, channel = (rest - tap * blocks) * LANES;
  const int width = min(LANES, g.pitch - channel);
  const int i = tap / g.taps_across, j = tap - i * g.taps_across;
  const int start = piece * piece_lines, end = min(g.batch * g.down, start + piece_lines);
  const int shift = j * g.step_across + g.start_across;
  WINDOWS_INSIDE(shift, low, high)
  VALUE sums[LANES];
  for (int k = 0; k < LANES; k++) sums[k] = 0;
  for (int line = start; line < end; line++) {
    const int n = line / g.down, y = line - n * g.down;
    const int row = y * g.stride_down + i * g.step_down + g.start_down;
    if (row < 0 || row >= g.rows) continue;
    __global const ELEMENT *a = image + image_start +
                                (((long)n * g.rows + row) * g.columns + shift) * g.pitch + channel;
    __global const ELEMENT *b =
        upstream + upstream_start + (long)line * g.across * g.pitch + channel;
    for (int x = low; x < high; x++)
      for (int k = 0; k < width; k++)
        sums[k] = ACCUMULATE(LOAD(a, (long)x * g.stride_across * g.pitch + k),
                             LOAD(b, (long)x * g.pitch + k), sums[k]);
  }
  for (int k = 0; k < width; k++)
    partial[partial_start + ((long)piece * taps + tap) * g.pitch + channel + k] = sums[k];
}

#endif

#endif
