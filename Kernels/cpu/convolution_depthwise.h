// Depthwise convolutions for one kind of processor, a vector of channels at a time. Included after
// convolution_tile.h, with the same macros.

#include "convolution_math.h"

// Channels from `c` on, at most LANES: those past `channels` are not touched.
ALWAYS VECTOR NAME(load_part)(const float *from, int64_t count) {
  if (count >= LANES) return NAME(load)(from);
  VECTOR value = {};
  for (int64_t i = 0; i < count; i++) value[i] = from[i];
  return value;
}

ALWAYS void NAME(store_part)(float *to, VECTOR value, int64_t count) {
  if (count >= LANES) {
    NAME(store)(to, value);
    return;
  }
  for (int64_t i = 0; i < count; i++) to[i] = value[i];
}

// Three taps of a row of the filter, which see positions side by side: each is loaded once for all
// results that see it. Each result adds up in the order of the taps.
ALWAYS void NAME(depthwise_near)(
    const int together, const float *x, int64_t stride, const float *weights,
    const int64_t *taps, int64_t channels, VECTOR *sum) {
  VECTOR w[3];
#pragma unroll
  for (int u = 0; u < 3; u++) w[u] = NAME(load)(weights + taps[u] * channels);
#pragma unroll
  for (int column = 0; column < together + 2; column++) {
    VECTOR value = NAME(load)(x + column * stride);
#pragma unroll
    for (int u = 0; u < 3; u++)
      if (column >= u && column - u < together)
        sum[column - u] = __builtin_elementwise_fma(value, w[u], sum[column - u]);
  }
}

// `together` results side by side. Channels are the inner loop: a result that has just been stored
// and a position that is then loaded often lie a multiple of 4096 bytes apart, for which loads
// wait. Unless `ahead` is 0, what the next row sees, so far from `from`, and where the next results
// go, so far from these, is asked for.
ALWAYS void NAME(depthwise_some)(
    const int together, const bool is_near, const float *from, int64_t stride,
    const int64_t *offsets, const float *weights, const int64_t *taps, int64_t tap_count,
    const float *start, float *to, int64_t to_stride, int64_t channels, int64_t ahead,
    int64_t results_ahead) {
  int64_t c = 0;
  for (; c + LANES <= channels; c += LANES) {
    VECTOR sum[4];
#pragma unroll
    for (int p = 0; p < together; p++) sum[p] = start ? NAME(load)(start + c) : (VECTOR){};
    if (ahead && c % 16 == 0)
#pragma unroll
      for (int p = 0; p < together; p++) {
        __builtin_prefetch(from + ahead + p * stride + c);
        __builtin_prefetch(to + results_ahead + p * to_stride + c, 1);
      }
#pragma unroll
    for (int row = 0; is_near && row < 3; row++)
      NAME(depthwise_near)(
          together, from + offsets[3 * row] + c, stride, weights + c, taps + 3 * row, channels,
          sum);
    for (int64_t t = 0; !is_near && t < tap_count; t++) {
      const float *x = from + offsets[t] + c;
      VECTOR w = NAME(load)(weights + taps[t] * channels + c);
#pragma unroll
      for (int p = 0; p < together; p++)
        sum[p] = __builtin_elementwise_fma(NAME(load)(x + p * stride), w, sum[p]);
    }
#pragma unroll
    for (int p = 0; p < together; p++) NAME(store)(to + p * to_stride + c, sum[p]);
  }
  for (; c < channels; c++)
    for (int p = 0; p < together; p++) {
      float sum = start ? start[c] : 0;
      for (int64_t t = 0; t < tap_count; t++)
        sum = __builtin_fmaf(
            from[offsets[t] + p * stride + c], weights[taps[t] * channels + c], sum);
      to[p * to_stride + c] = sum;
    }
}

// to[p][c] = start[c] + Σ over t of from[p · stride + offsets[t] + c] · weights[taps[t] · channels
// + c].
static TARGET void NAME(depthwise)(
    const float *from, int64_t stride, const int64_t *offsets, const float *weights,
    const int64_t *taps, int64_t tap_count, const float *start, float *to, int64_t to_stride,
    int64_t count, int64_t channels, int64_t ahead) {
  // Asking ahead takes longer with AVX-512; sharing what is loaded was not tried there.
  if (LANES > 8 || tap_count == 0) ahead = 0;
  if (ahead) ahead += maximum(offsets[0], offsets[tap_count - 1]);
  int64_t between = LANES == 8 && tap_count == 9 ? offsets[1] - offsets[0] : 0;
  bool is_near = between == stride || between == -stride;
  for (int64_t row = 0; is_near && row < 3; row++)
    is_near = offsets[3 * row + 1] - offsets[3 * row] == between &&
              offsets[3 * row + 2] - offsets[3 * row + 1] == between;
  int64_t p = 0;
  for (; p + 4 <= count; p += 4) {
    const float *x = from + p * stride;
    float *y = to + p * to_stride;
    if (is_near && between == stride)
      NAME(depthwise_some)(
          4, true, x, stride, offsets, weights, taps, tap_count, start, y, to_stride, channels,
          ahead, 4 * to_stride);
    else if (is_near)
      // The gradient of an input: from the last result to the first.
      NAME(depthwise_some)(
          4, true, x + 3 * stride, -stride, offsets, weights, taps, tap_count, start,
          y + 3 * to_stride, -to_stride, channels, ahead, 4 * to_stride);
    else
      NAME(depthwise_some)(
          4, false, x, stride, offsets, weights, taps, tap_count, start, y, to_stride, channels,
          ahead, 4 * to_stride);
  }
  for (; p < count; p++)
    NAME(depthwise_some)(
        1, false, from + p * stride, stride, offsets, weights, taps, tap_count, start,
        to + p * to_stride, to_stride, channels, 0, 0);
}

// sums[taps[t] · channels + c] += Σ over p of from[p · stride + offsets[t] + c] · gradients[p][c].
static TARGET void NAME(depthwise_filter)(
    const float *from, int64_t stride, const int64_t *offsets, const float *gradients,
    const int64_t *taps, int64_t tap_count, float *sums, int64_t count, int64_t channels,
    int64_t ahead, int64_t gradients_ahead) {
  for (int64_t c = 0; c < channels; c += LANES) {
    int64_t n = channels - c;
    if (tap_count == 9 && n >= LANES) {
      VECTOR sum[9];
#pragma unroll
      for (int t = 0; t < 9; t++) sum[t] = NAME(load)(sums + taps[t] * channels + c);
      const float *x = from + c, *g = gradients + c;
      for (int64_t p = 0; p < count; p++, x += stride, g += channels) {
        VECTOR value = NAME(load)(g);
        if (LANES == 8 && c % 16 == 0) {
          __builtin_prefetch(x + offsets[8] + ahead);
          __builtin_prefetch(g + gradients_ahead);
        }
#pragma unroll
        for (int t = 0; t < 9; t++)
          sum[t] = __builtin_elementwise_fma(NAME(load)(x + offsets[t]), value, sum[t]);
      }
#pragma unroll
      for (int t = 0; t < 9; t++) NAME(store)(sums + taps[t] * channels + c, sum[t]);
      continue;
    }
    for (int64_t t = 0; t < tap_count; t++) {
      float *to = sums + taps[t] * channels + c;
      VECTOR sum = NAME(load_part)(to, n);
      for (int64_t p = 0; p < count; p++)
        sum = __builtin_elementwise_fma(
            NAME(load_part)(from + p * stride + offsets[t] + c, n),
            NAME(load_part)(gradients + p * channels + c, n), sum);
      NAME(store_part)(to, sum, n);
    }
  }
}
