#pragma OPENCL FP_CONTRACT OFF

// What convolutions on CPUs share: the panels that registers multiply by, and copying.

// The largest tiles of sums that fit into the registers of a device: for results of at most 8
// channels, of at most 16, and of more.
#ifndef PANEL_CLASS
#define PANEL_CLASS 32
#endif
#if defined(__AVX512F__) && defined(FLOAT32)
#if PANEL_CLASS == 8
#define VECTOR_WIDTH 8
#define VECTORS 1
#define PANEL_ROWS 24
#elif PANEL_CLASS == 16
#define VECTOR_WIDTH 16
#define VECTORS 1
#define PANEL_ROWS 24
#else
#define VECTOR_WIDTH 16
#define VECTORS 2
#define PANEL_ROWS 12
#endif
#else
#define VECTOR_WIDTH 8
#if PANEL_CLASS == 8
#define VECTORS 1
#define PANEL_ROWS 12
#else
#define VECTORS 2
#define PANEL_ROWS 6
#endif
#endif
#define PANEL_COLUMNS (VECTOR_WIDTH * VECTORS)
#define VECTOR JOIN(VALUE, VECTOR_WIDTH)
#define LOAD_VECTOR JOIN(vload, VECTOR_WIDTH)
#define STORE_VECTOR JOIN(vstore, VECTOR_WIDTH)

#define ROUNDED(count, unit) (((count) + (unit)-1) / (unit) * (unit))

inline __attribute__((always_inline)) void copy(__local VALUE *target,
                                                __global const ELEMENT *source, const int count) {
  int i = 0;
#ifdef FLOAT32
  for (; i + 16 <= count; i += 16) vstore16(vload16(0, source + i), 0, target + i);
  if (i + 8 <= count) {
    vstore8(vload8(0, source + i), 0, target + i);
    i += 8;
  }
  if (i + 4 <= count) {
    vstore4(vload4(0, source + i), 0, target + i);
    i += 4;
  }
#endif
#pragma unroll 1
  for (; i < count; i++) target[i] = LOAD(source, i);
}

inline __attribute__((always_inline)) void clear(__local VALUE *target, const int count) {
  int i = 0;
  for (; i + 8 <= count; i += 8) JOIN(vstore, 8)((JOIN(VALUE, 8))(0), 0, target + i);
#pragma unroll 1
  for (; i < count; i++) target[i] = 0;
}

#ifdef PACKS

#ifdef INPUT_GRADIENT
// The tap of the filter that a position, counted from that of window 0, is seen with by the window
// `window` positions on; -1 if with none.
inline int seen_with(const int position, const int window, const int taps, const int stride,
                     const int dilation) {
  const int distance = position - window * stride, tap = distance / dilation;
  return distance >= 0 && tap < taps && tap * dilation == distance ? tap : -1;
}
#endif

// packed[group, panel, tap, channel, n] = the filter's element for result panel * PANEL_COLUMNS + n,
// 0 behind the last, and for the channels from g.channels to padded_channels. One work item a tap of
// a panel.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void convolution_pack(
    __global const ELEMENT *restrict filter, const long filter_start,
    __global VALUE *restrict packed, const long packed_start, const Gather g,
    const int padded_channels) {
  const int taps = g.taps_down * g.taps_across;
  const int panels = (g.results + PANEL_COLUMNS - 1) / PANEL_COLUMNS;
  const int panel = get_group_id(0) / taps, tap = get_group_id(0) - panel * taps;
  const int group = get_group_id(1);
  if (panel >= panels) return;
  const int down = tap / g.taps_across, across = tap - down * g.taps_across;
  const int first = panel * PANEL_COLUMNS, count = min(PANEL_COLUMNS, g.results - first);
  packed += packed_start +
            (long)((group * panels + panel) * taps + tap) * padded_channels * PANEL_COLUMNS;
  filter += filter_start;
#ifdef INPUT_GRADIENT
  // [tap, result, all channels]
  const int each = g.results / (g.phases_down * g.phases_across);
  for (int n = 0; n < PANEL_COLUMNS; n++) {
    const int phase = (first + n) / each, phase_down = phase / g.phases_across;
    const int i = seen_with(g.first_down + phase_down + g.filter_before_down,
                            g.start_down + down * g.step_down, g.filter_down,
                            g.filter_stride_down, g.filter_dilation_down);
    const int j = seen_with(
        g.first_across + (phase - phase_down * g.phases_across) + g.filter_before_across,
        g.start_across + across * g.step_across, g.filter_across, g.filter_stride_across,
        g.filter_dilation_across);
    const bool is_seen = n < count && i >= 0 && j >= 0;
    __global const ELEMENT *line =
        filter + ((long)(i * g.filter_across + j) * each + first + n - phase * each) * g.pitch +
        group * g.channels;
    for (int k = 0; k < padded_channels; k++)
      packed[k * PANEL_COLUMNS + n] = is_seen && k < g.channels ? LOAD(line, k) : 0;
  }
#else
  // [tap, channel, all results]
  filter += (long)tap * g.channels * g.result_pitch + group * g.results + first;
  for (int k = 0; k < padded_channels; k++)
    for (int n = 0; n < PANEL_COLUMNS; n++)
      packed[k * PANEL_COLUMNS + n] =
          n < count && k < g.channels ? LOAD(filter, (long)k * g.result_pitch + n) : 0;
#endif
}

#endif
