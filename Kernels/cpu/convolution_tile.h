// The inner loops of convolutions for one kind of processor. Included once for each, with TARGET
// its attribute, NAME(x) its name for x, LANES floats in a vector, ROWS of a tile of two vectors.
//
// A tile is rows × vectors of results, kept in registers while all of its terms are added up. With
// two vectors it has at most ROWS rows, with one twice as many.

#if ROWS > 6
#define CASES_OF_TWO \
  CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) \
  CASE(12) CASE(13) CASE(14)
#define CASES_OF_ONE \
  CASES_OF_TWO CASE(15) CASE(16) CASE(17) CASE(18) CASE(19) CASE(20) CASE(21) CASE(22) CASE(23) \
  CASE(24) CASE(25) CASE(26) CASE(27) CASE(28)
#else
#define CASES_OF_TWO CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#define CASES_OF_ONE \
  CASES_OF_TWO CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
#endif

#define ALWAYS static inline __attribute__((always_inline)) TARGET
#define VECTOR NAME(vector)

typedef float VECTOR __attribute__((vector_size(4 * LANES), aligned(4)));

ALWAYS VECTOR NAME(load)(const float *from) { return *(const VECTOR *)from; }
ALWAYS void NAME(store)(float *to, VECTOR value) { *(VECTOR *)to = value; }
ALWAYS VECTOR NAME(all)(float value) { return value - (VECTOR){}; }

// result[i][…] = start[…] + Σ over segments s and p < length of
// left[offsets[s] + i · stride + p] · right[…], `right` being [segment][p][vectors · LANES].
ALWAYS void NAME(tile)(
    const int rows, const int vectors, const float *left, int64_t stride, const int64_t *offsets,
    int64_t segments, int64_t length, const float *right, const float *start, float *result,
    int64_t result_stride) {
  VECTOR sum[2 * ROWS][2];
#pragma unroll
  for (int i = 0; i < rows; i++)
    for (int v = 0; v < vectors; v++) sum[i][v] = NAME(load)(start + v * LANES);
  const int64_t ahead = segments == 1 ? length * vectors * LANES : 8 * vectors * LANES;
  for (int64_t s = 0; s < segments; s++) {
    // Every third row has a pointer of its own; those between are reached from it.
    const float *base[(2 * ROWS + 2) / 3];
#pragma unroll
    for (int i = 0; i < (rows + 2) / 3; i++) base[i] = left + offsets[s] + 3 * i * stride;
    for (int64_t p = 0; p < length; p++, right += vectors * LANES) {
      VECTOR r[2];
      for (int v = 0; v < vectors; v++) r[v] = NAME(load)(right + v * LANES);
      __builtin_prefetch(right + ahead);
      if (vectors * LANES > 16) __builtin_prefetch(right + ahead + 16);
#pragma unroll
      for (int i = 0; i < rows; i++) {
        VECTOR l = NAME(all)(base[i / 3][i % 3 * stride + p]);
        for (int v = 0; v < vectors; v++)
          sum[i][v] = __builtin_elementwise_fma(l, r[v], sum[i][v]);
      }
    }
  }
#pragma unroll
  for (int i = 0; i < rows; i++)
    for (int v = 0; v < vectors; v++)
      NAME(store)(result + i * result_stride + v * LANES, sum[i][v]);
}

#define CASE(n) \
  case n: \
    NAME(tile)( \
        n, v, left, stride, offsets, segments, length, right, start, result, result_stride); \
    break;

static TARGET void NAME(tile_of_two)(
    int rows, const float *left, int64_t stride, const int64_t *offsets, int64_t segments,
    int64_t length, const float *right, const float *start, float *result,
    int64_t result_stride) {
  enum { v = 2 };
  switch (rows) { CASES_OF_TWO }
}

static TARGET void NAME(tile_of_one)(
    int rows, const float *left, int64_t stride, const int64_t *offsets, int64_t segments,
    int64_t length, const float *right, const float *start, float *result,
    int64_t result_stride) {
  enum { v = 1 };
  switch (rows) { CASES_OF_ONE }
}
#undef CASE

// result[i][…] (+)= Σ over runs r and p < length of left[r · left_run + p · left_stride + i] ·
// right[r · right_run + p · right_stride + …].
ALWAYS void NAME(outer)(
    const int rows, const int vectors, const struct outer_operands *o, float *result,
    int64_t result_stride, bool adds) {
  VECTOR sum[2 * ROWS][2];
#pragma unroll
  for (int i = 0; i < rows; i++)
    for (int v = 0; v < vectors; v++) sum[i][v] = (VECTOR){};
  for (int64_t run = 0; run < o->runs; run++) {
    const float *left = o->left + run * o->left_run, *right = o->right + run * o->right_run;
    for (int64_t p = 0; p < o->length; p++, left += o->left_stride, right += o->right_stride) {
      VECTOR r[2];
      for (int v = 0; v < vectors; v++) r[v] = NAME(load)(right + v * LANES);
      __builtin_prefetch(left + 8 * o->left_stride);
      __builtin_prefetch(right + 8 * o->right_stride);
      if (vectors * LANES > 16) __builtin_prefetch(right + 8 * o->right_stride + 16);
#pragma unroll
      for (int i = 0; i < rows; i++) {
        VECTOR l = NAME(all)(left[i]);
        for (int v = 0; v < vectors; v++)
          sum[i][v] = __builtin_elementwise_fma(l, r[v], sum[i][v]);
      }
    }
  }
#pragma unroll
  for (int i = 0; i < rows; i++)
    for (int v = 0; v < vectors; v++) {
      float *to = result + i * result_stride + v * LANES;
      NAME(store)(to, adds ? NAME(load)(to) + sum[i][v] : sum[i][v]);
    }
}

#define CASE(n) \
  case n: NAME(outer)(n, v, o, result, result_stride, adds); break;

static TARGET void NAME(outer_of_two)(
    int rows, const struct outer_operands *o, float *result, int64_t result_stride, bool adds) {
  enum { v = 2 };
  switch (rows) { CASES_OF_TWO }
}

static TARGET void NAME(outer_of_one)(
    int rows, const struct outer_operands *o, float *result, int64_t result_stride, bool adds) {
  enum { v = 1 };
  switch (rows) { CASES_OF_ONE }
}
#undef CASE
#undef CASES_OF_ONE
#undef CASES_OF_TWO
