// Depthwise convolutions for one kind of processor, a vector of channels at a time. Included after
// convolution_tile.h, with the same macros.

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

// `together` results side by side. Channels are the inner loop: a result that has just been stored
// and a position that is then loaded often lie a multiple of 4096 bytes apart, for which loads
// wait.
ALWAYS void NAME(depthwise_some)(
    const int together, const float *from, int64_t stride, const int64_t *offsets,
    const float *weights, const int64_t *taps, int64_t tap_count, const float *start, float *to,
    int64_t to_stride, int64_t channels) {
  int64_t c = 0;
  for (; c + LANES <= channels; c += LANES) {
    VECTOR sum[4];
#pragma unroll
    for (int p = 0; p < together; p++) sum[p] = start ? NAME(load)(start + c) : (VECTOR){};
    for (int64_t t = 0; t < tap_count; t++) {
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
    int64_t count, int64_t channels) {
  int64_t p = 0;
  for (; p + 4 <= count; p += 4)
    NAME(depthwise_some)(
        4, from + p * stride, stride, offsets, weights, taps, tap_count, start,
        to + p * to_stride, to_stride, channels);
  for (; p < count; p++)
    NAME(depthwise_some)(
        1, from + p * stride, stride, offsets, weights, taps, tap_count, start,
        to + p * to_stride, to_stride, channels);
}

// sums[taps[t] · channels + c] += Σ over p of from[p · stride + offsets[t] + c] · gradients[p][c].
static TARGET void NAME(depthwise_filter)(
    const float *from, int64_t stride, const int64_t *offsets, const float *gradients,
    const int64_t *taps, int64_t tap_count, float *sums, int64_t count, int64_t channels) {
  for (int64_t c = 0; c < channels; c += LANES) {
    int64_t n = channels - c;
    if (tap_count == 9 && n >= LANES) {
      VECTOR sum[9];
#pragma unroll
      for (int t = 0; t < 9; t++) sum[t] = NAME(load)(sums + taps[t] * channels + c);
      const float *x = from + c, *g = gradients + c;
      for (int64_t p = 0; p < count; p++, x += stride, g += channels) {
        VECTOR value = NAME(load)(g);
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
