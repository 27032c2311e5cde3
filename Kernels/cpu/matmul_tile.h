// The inner part of the float32 matrix product for one kind of processor. Included once for each,
// with TARGET its attribute, NAME(x) its name for x, LANES floats in a vector, ROWS of a tile.
//
// A tile is ROWS × 2·LANES results, kept in registers. Panels are what a tile reads: of the left
// matrix [k][STRIDE], of the right one [k][2·LANES]; lanes past the matrix's edge may hold anything.

#define STRIDE ((ROWS + LANES - 1) / LANES * LANES)
#define COLUMNS (2 * LANES)
#define ALWAYS static inline __attribute__((always_inline)) TARGET

typedef float NAME(vector) __attribute__((vector_size(4 * LANES), aligned(4)));
#define VECTOR NAME(vector)

ALWAYS VECTOR NAME(load)(const float *from) { return *(const VECTOR *)from; }
ALWAYS void NAME(store)(float *to, VECTOR value) { *(VECTOR *)to = value; }

ALWAYS void NAME(tile)(
    const int rows, const int vectors, int64_t k, const float *left, const float *right,
    int64_t right_stride, float *result, int64_t result_stride, bool adds) {
  VECTOR sum[ROWS][2];
#pragma unroll
  for (int i = 0; i < rows; i++) {
    for (int v = 0; v < vectors; v++) {
      __builtin_prefetch(result + i * result_stride + v * LANES, 1);
      sum[i][v] = (VECTOR){};
    }
  }
  for (int64_t p = 0; p < k; p++) {
    VECTOR r[2];
    for (int v = 0; v < vectors; v++) {
      // Once a line.
      if (v * LANES % 16 == 0) __builtin_prefetch(right + (p + 8) * right_stride + v * LANES);
      r[v] = NAME(load)(right + p * right_stride + v * LANES);
    }
#pragma unroll
    for (int i = 0; i < rows; i++) {
      VECTOR l = left[p * STRIDE + i] - (VECTOR){};
      for (int v = 0; v < vectors; v++) sum[i][v] = __builtin_elementwise_fma(l, r[v], sum[i][v]);
    }
  }
#pragma unroll
  for (int i = 0; i < rows; i++)
    for (int v = 0; v < vectors; v++) {
      float *to = result + i * result_stride + v * LANES;
      NAME(store)(to, adds ? NAME(load)(to) + sum[i][v] : sum[i][v]);
    }
}

#define TILE(n) \
  case n: \
    if (vectors == 2) \
      NAME(tile)(n, 2, k, left, right, right_stride, result, result_stride, adds); \
    else \
      NAME(tile)(n, 1, k, left, right, right_stride, result, result_stride, adds); \
    break;

static TARGET void NAME(any_tile)(
    int rows, int vectors, int64_t k, const float *left, const float *right, int64_t right_stride,
    float *result, int64_t result_stride, bool adds) {
  switch (rows) {
    TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#if ROWS > 6
    TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12) TILE(13) TILE(14)
#endif
  }
}
#undef TILE

// One panel of the left matrix times `columns` columns; `panel` floats from one panel of the right
// matrix to the next.
static TARGET void NAME(multiply)(
    int rows, int64_t columns, int64_t k, const float *left, const float *right,
    int64_t right_stride, int64_t panel, float *result, int64_t result_stride, bool adds) {
  for (int64_t j = 0; j < columns; j += COLUMNS, right += panel) {
    int64_t width = columns - j;
    if (width == LANES || width >= COLUMNS) {
      int vectors = width == LANES ? 1 : 2;
      if (rows == ROWS && vectors == 2)
        NAME(tile)(ROWS, 2, k, left, right, right_stride, result + j, result_stride, adds);
      else
        NAME(any_tile)(
            rows, vectors, k, left, right, right_stride, result + j, result_stride, adds);
      continue;
    }
    float edge[ROWS * COLUMNS];
    NAME(any_tile)(
        rows, width > LANES ? 2 : 1, k, left, right, right_stride, edge, COLUMNS, false);
    for (int i = 0; i < rows; i++) {
      float *to = result + i * result_stride + j;
      const float *from = edge + i * COLUMNS;
      if (adds)
        for (int64_t x = 0; x < width; x++) to[x] += from[x];
      else
        for (int64_t x = 0; x < width; x++) to[x] = from[x];
    }
  }
}

// to[p][lane] = from[lane][p] for LANES lanes, of which the first `lanes` are there.
static TARGET void NAME(pack_across)(
    const float *from, int64_t from_stride, int lanes, int64_t k, float *to, int64_t to_stride) {
  for (int64_t next = 0; next < k && k >= LANES; next += LANES) {
    // The last square overlaps the one before it.
    int64_t p = next + LANES <= k ? next : k - LANES;
    VECTOR x[LANES], y[LANES];
#pragma unroll
    for (int i = 0; i < LANES; i++) {
      x[i] = i < lanes ? NAME(load)(from + i * from_stride + p) : (VECTOR){};
      // Most often the next rows come next.
      __builtin_prefetch(from + (i + lanes) * from_stride + p);
    }
    // Perfect shuffles of all lanes, as often as LANES has bits, transpose.
#pragma unroll
    for (int step = 1; step < LANES; step *= 2) {
#pragma unroll
      for (int i = 0; i < LANES / 2; i++) {
#if LANES == 16
        y[2 * i] = __builtin_shufflevector(
            x[i], x[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        y[2 * i + 1] = __builtin_shufflevector(
            x[i], x[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#else
        y[2 * i] = __builtin_shufflevector(x[i], x[i + 4], 0, 8, 1, 9, 2, 10, 3, 11);
        y[2 * i + 1] = __builtin_shufflevector(x[i], x[i + 4], 4, 12, 5, 13, 6, 14, 7, 15);
#endif
      }
#pragma unroll
      for (int i = 0; i < LANES; i++) x[i] = y[i];
    }
#pragma unroll
    for (int i = 0; i < LANES; i++) NAME(store)(to + (p + i) * to_stride, x[i]);
  }
  for (int64_t p = 0; p < k && k < LANES; p++)
    for (int i = 0; i < LANES; i++)
      to[p * to_stride + i] = i < lanes ? from[i * from_stride + p] : 0;
}

// to[p][lane] = from[p][lane] for LANES lanes, of which the first `lanes` are there.
static TARGET void NAME(pack_along)(
    const float *from, int64_t from_stride, int lanes, int64_t k, float *to, int64_t to_stride) {
  int64_t p = 0;
  // Lanes that are not there may hold anything: before the last row it is what follows in memory.
  for (int64_t safe = lanes >= LANES ? k : from_stride >= LANES ? k - 1 : 0; p < safe; p++)
    NAME(store)(to + p * to_stride, NAME(load)(from + p * from_stride));
  for (; p < k; p++)
    for (int i = 0; i < LANES; i++)
        to[p * to_stride + i] = i < lanes ? from[p * from_stride + i] : 0;
}

// The panel of `rows` rows of the left matrix; `across` if neighbours in memory are those along k.
static TARGET void NAME(pack_left)(
    const float *from, int64_t from_stride, bool across, int rows, int64_t k, float *to) {
  if (across)
    NAME(pack_across)(from, from_stride, rows, k, to, STRIDE);
  else
    NAME(pack_along)(from, from_stride, rows, k, to, STRIDE);
}

// The panels of `columns` columns of the right matrix, one after the other.
static TARGET void NAME(pack_right)(
    const float *from, int64_t from_stride, bool across, int64_t columns, int64_t k, float *to) {
  if (across) {
    for (int64_t j = 0; j < columns; j += LANES)
      NAME(pack_across)(
          from + j * from_stride, from_stride, columns - j < LANES ? (int)(columns - j) : LANES, k,
          to + j / COLUMNS * COLUMNS * k + j % COLUMNS, COLUMNS);
  } else {
    int64_t whole = columns / COLUMNS * COLUMNS;
    for (int64_t p = 0; p < k; p++)
      for (int64_t j = 0; j < whole; j += COLUMNS)
        for (int v = 0; v < COLUMNS; v += LANES)
          NAME(store)(to + j * k + p * COLUMNS + v, NAME(load)(from + p * from_stride + j + v));
    for (int64_t j = whole; j < columns; j += LANES)
      NAME(pack_along)(
          from + j, from_stride, columns - j < LANES ? (int)(columns - j) : LANES, k,
          to + whole * k + j % COLUMNS, COLUMNS);
  }
}

// result[i] = matrix[i][0..<k] · vector, for `rows` rows.
static TARGET void NAME(dots)(
    int64_t rows, int64_t k, const float *matrix, int64_t stride, const float *vector,
    float *result) {
  for (int64_t i = 0; i < rows; i++, matrix += stride) {
    VECTOR sum[4] = {};
    int64_t p = 0;
    for (; p + 4 * LANES <= k; p += 4 * LANES)
#pragma unroll
      for (int v = 0; v < 4; v++)
        sum[v] = __builtin_elementwise_fma(
            NAME(load)(matrix + p + v * LANES), NAME(load)(vector + p + v * LANES), sum[v]);
    sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    float total = 0;
    for (int width = LANES / 2; width > 0; width /= 2)
      for (int l = 0; l < width; l++) sum[0][l] += sum[0][l + width];
    for (; p < k; p++) total = __builtin_fmaf(matrix[p], vector[p], total);
    result[i] = sum[0][0] + total;
  }
}

// result[j] = Σ vector[p] · matrix[p][j], for `columns` columns, at most COMBINED.
static TARGET void NAME(combination)(
    int64_t columns, int64_t k, const float *matrix, int64_t stride, const float *vector,
    float *result) {
  VECTOR sum[COMBINED / LANES];
  int64_t whole = columns / LANES;
  for (int64_t v = 0; v < whole; v++) sum[v] = (VECTOR){};
  float rest[LANES] = {};
  int64_t p = 0;
  for (; p + 4 <= k; p += 4) {
    const float *from = matrix + p * stride;
    VECTOR a = vector[p] - (VECTOR){}, b = vector[p + 1] - (VECTOR){};
    VECTOR c = vector[p + 2] - (VECTOR){}, d = vector[p + 3] - (VECTOR){};
    for (int64_t v = 0; v < whole; v++, from += LANES) {
      VECTOR s = __builtin_elementwise_fma(a, NAME(load)(from), sum[v]);
      s = __builtin_elementwise_fma(b, NAME(load)(from + stride), s);
      s = __builtin_elementwise_fma(c, NAME(load)(from + 2 * stride), s);
      sum[v] = __builtin_elementwise_fma(d, NAME(load)(from + 3 * stride), s);
    }
  }
  for (; p < k; p++)
    for (int64_t v = 0; v < whole; v++)
      sum[v] = __builtin_elementwise_fma(
          vector[p] - (VECTOR){}, NAME(load)(matrix + p * stride + v * LANES), sum[v]);
  for (int64_t v = 0; v < whole; v++) NAME(store)(result + v * LANES, sum[v]);
  int64_t left = columns - whole * LANES;
  for (p = 0; p < k && left > 0; p++)
    for (int64_t j = 0; j < left; j++)
      rest[j] = __builtin_fmaf(vector[p], matrix[p * stride + whole * LANES + j], rest[j]);
  for (int64_t j = 0; j < left; j++) result[whole * LANES + j] = rest[j];
}

static const struct processor NAME(processor) = {
    .rows = ROWS, .left_stride = STRIDE, .columns = COLUMNS, .inner = INNER, .block = BLOCK,
    .most = MOST, .fewest = FEWEST,
    .multiply = NAME(multiply), .pack_left = NAME(pack_left), .pack_right = NAME(pack_right),
    .dots = NAME(dots), .combination = NAME(combination),
};

#undef STRIDE
#undef COLUMNS
#undef ALWAYS
#undef VECTOR
#undef TARGET
#undef NAME
#undef LANES
#undef ROWS
#undef INNER
#undef BLOCK
#undef MOST
#undef FEWEST
