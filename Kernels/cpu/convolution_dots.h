// Results of few channels for one kind of processor: vectors lie along the terms. Included after
// convolution_tile.h, with the same macros.

typedef int32_t NAME(lanes) __attribute__((vector_size(4 * LANES), aligned(4)));

ALWAYS float NAME(total)(VECTOR x) {
#if LANES == 16
  x += __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  x += __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
  x += __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  x += __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
#else
  x += __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3);
  x += __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5);
  x += __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6);
#endif
  return x[0];
}

// result[i · result_stride + c] = start[c] + Σ over segments s and p < length of
// left[offsets[s] + i · stride + p] · weights[c][s][p], weights with `pitch` floats a segment of
// which those past `length` are zero. Up to a vector past `left`'s last term is read, and left out.
ALWAYS void NAME(dots)(
    const int rows, const int channels, const float *left, int64_t stride, const int64_t *offsets,
    int64_t segments, int64_t length, int64_t pitch, const float *weights, const float *start,
    float *result, int64_t result_stride) {
  VECTOR sum[8][4];
  NAME(lanes) mask;
  for (int l = 0; l < LANES; l++) mask[l] = l < (length - 1) % LANES + 1 ? -1 : 0;
#pragma unroll
  for (int i = 0; i < rows; i++)
    for (int c = 0; c < channels; c++) sum[i][c] = (VECTOR){};
  for (int64_t s = 0; s < segments; s++) {
    const float *from = left + offsets[s], *w = weights + s * pitch;
    for (int64_t p = 0; p < pitch; p += LANES) {
      VECTOR r[4];
      for (int c = 0; c < channels; c++) r[c] = NAME(load)(w + c * segments * pitch + p);
      bool is_last = p + LANES == pitch;
#pragma unroll
      for (int i = 0; i < rows; i++) {
        VECTOR l = NAME(load)(from + i * stride + p);
        // What lies past the end may be NaN, which no weight makes zero.
        if (is_last) l = (VECTOR)((NAME(lanes))l & mask);
        for (int c = 0; c < channels; c++)
          sum[i][c] = __builtin_elementwise_fma(l, r[c], sum[i][c]);
      }
    }
  }
#pragma unroll
  for (int i = 0; i < rows; i++)
    for (int c = 0; c < channels; c++)
      result[i * result_stride + c] = NAME(total)(sum[i][c]) + start[c];
}

#define CASE(n, together) \
  case n: \
    for (; i + together <= rows; i += together) \
      NAME(dots)( \
          together, n, left + i * stride, stride, offsets, segments, length, pitch, weights, \
          start, result + i * result_stride, result_stride); \
    for (; i < rows; i++) \
      NAME(dots)( \
          1, n, left + i * stride, stride, offsets, segments, length, pitch, weights, \
          start, result + i * result_stride, result_stride); \
    break;

static TARGET void NAME(any_dots)(
    int64_t rows, int channels, const float *left, int64_t stride, const int64_t *offsets,
    int64_t segments, int64_t length, int64_t pitch, const float *weights, const float *start,
    float *result, int64_t result_stride) {
  int64_t i = 0;
  switch (channels) {
#if LANES == 16
    CASE(1, 8) CASE(2, 8) CASE(3, 7) CASE(4, 6)
#else
    CASE(1, 8) CASE(2, 4) CASE(3, 3) CASE(4, 2)
#endif
  }
}
#undef CASE
