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

// to[p][c] = Σ over t of from[p · stride + offsets[t] + c] · weights[taps[t] · channels + c].
static TARGET void NAME(depthwise)(
    const float *from, int64_t stride, const int64_t *offsets, const float *weights,
    const int64_t *taps, int64_t tap_count, float *to, int64_t to_stride, int64_t count,
    int64_t channels) {
  for (int64_t c = 0; c < channels; c += LANES) {
    int64_t n = channels - c;
    if (tap_count == 9 && n >= LANES) {
      VECTOR w[9];
#pragma unroll
      for (int t = 0; t < 9; t++) w[t] = NAME(load)(weights + taps[t] * channels + c);
      const float *x = from + c;
      for (int64_t p = 0; p < count; p++, x += stride) {
        VECTOR sum = NAME(load)(x + offsets[0]) * w[0];
#pragma unroll
        for (int t = 1; t < 9; t++)
          sum = __builtin_elementwise_fma(NAME(load)(x + offsets[t]), w[t], sum);
        NAME(store)(to + p * to_stride + c, sum);
      }
      continue;
    }
    for (int64_t p = 0; p < count; p++) {
      VECTOR sum = {};
      for (int64_t t = 0; t < tap_count; t++)
        sum = __builtin_elementwise_fma(
            NAME(load_part)(from + p * stride + offsets[t] + c, n),
            NAME(load_part)(weights + taps[t] * channels + c, n), sum);
      NAME(store_part)(to + p * to_stride + c, sum, n);
    }
  }
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
