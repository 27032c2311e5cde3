// The inner part of the float32 matrix product for one kind of processor. Included once for each,
// with TARGET its attribute, NAME(x) its name for x, LANES floats in a vector, tiles of ROWS by
// VECTORS of them, TILES below each other in a panel, whose loop is unrolled to STEPS steps: where
// another thread shares the core, instructions that only count are what a tile waits for.
//
// A tile's results are kept in registers. Panels are what a tile reads: of the right matrix
// [k][COLUMNS], of the left one its rows, or [k][STRIDE] for each HIGH of them if it is stored
// transposed; lanes past the matrix's edge may hold anything.

#define PANEL (TILES * ROWS)
#define COLUMNS (VECTORS * LANES)
// A tile of at most half the columns has twice the rows, if there are registers for it.
#define HIGH (VECTORS > 2 ? 2 * ROWS : ROWS)
#define STRIDE ((HIGH + LANES - 1) / LANES * LANES)
// From one row of a panel to the next: they do not fall on the same lines of the cache.
#define LENGTH (INNER + 16)
#define ALWAYS static inline __attribute__((always_inline)) TARGET

typedef float NAME(vector) __attribute__((vector_size(4 * LANES), aligned(4)));
#define VECTOR NAME(vector)

#if LANES == 16
#define MASK(count) (__mmask16)((1u << (count)) - 1)
#define LOAD_PART(from, mask) _mm512_maskz_loadu_ps(mask, from)
#define STORE_PART(to, mask, value) _mm512_mask_storeu_ps(to, mask, value)
#else
#define MASK(count) \
  _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
#define LOAD_PART(from, mask) _mm256_maskload_ps(from, mask)
#define STORE_PART(to, mask, value) _mm256_maskstore_ps(to, mask, value)
#endif

ALWAYS VECTOR NAME(load)(const float *from) { return *(const VECTOR *)from; }
ALWAYS void NAME(store)(float *to, VECTOR value) { *(VECTOR *)to = value; }
// The first `count` lanes; nothing else in memory is touched, and the other lanes are 0.
ALWAYS VECTOR NAME(load_part)(const float *from, int count) {
  return LOAD_PART(from, MASK(count));
}
ALWAYS void NAME(store_part)(float *to, VECTOR value, int count) {
  STORE_PART(to, MASK(count), value);
}

// Adds one step of the summed index to the sums of a tile. With `copies` what is read at `right` is
// also put into `packed`.
ALWAYS void NAME(step)(
    const int rows, const int vectors, const enum form form, const bool copies,
    const float **base, const float *left, int64_t left_stride, const float *right,
    int64_t right_stride, float *packed, VECTOR (*sum)[VECTORS]) {
  VECTOR r[VECTORS];
  for (int v = 0; v < vectors; v++) {
    // Once a line; what is packed comes near by itself.
    if (copies && v * LANES % 16 == 0) __builtin_prefetch(right + 16 * right_stride + v * LANES);
    r[v] = NAME(load)(right + v * LANES);
    if (copies) NAME(store)(packed + v * LANES, r[v]);
  }
#pragma unroll
  for (int i = 0; i < rows; i++) {
    float value = form == ROWS_APART ? base[i / 3][i % 3 * left_stride]
        : form == ROWS_PACKED        ? left[i * LENGTH]
                                     : left[i];
    VECTOR l = value - (VECTOR){};
    for (int v = 0; v < vectors; v++) sum[i][v] = __builtin_elementwise_fma(l, r[v], sum[i][v]);
  }
#pragma unroll
  for (int i = 0; i < rows && form == ROWS_APART; i += 3) {
    base[i / 3]++;
    // Hidden from the compiler, which would make them one pointer each row.
    __asm__("" : "+r"(base[i / 3]));
  }
}

// One tile. `width` results are stored of each row, or all if it is 0. With `copies` what is read
// of the right matrix is put into `packed` as a panel.
ALWAYS void NAME(tile)(
    const int rows, const int vectors, const enum form form, const bool copies,
    const struct strip *s, const float *left, const float *right, int64_t right_stride,
    float *packed, float *result, int width) {
  int64_t k = s->k, result_stride = s->result_stride, left_stride = s->left_stride;
  // Three rows are reached from one pointer; more pointers would not stay in registers.
  const float *base[(HIGH + 2) / 3];
  VECTOR sum[HIGH][VECTORS];
#pragma unroll
  for (int i = 0; i < rows; i++) {
    if (i % 3 == 0) base[i / 3] = left + i * left_stride;
    for (int v = 0; v < vectors; v++) {
      if (s->adds) __builtin_prefetch(result + i * result_stride + v * LANES, 1);
      sum[i][v] = (VECTOR){};
    }
  }
  // Rows apart need the registers for their addresses.
  const bool unrolls = rows == ROWS && vectors == VECTORS && !copies && form != ROWS_APART;
  const int steps = unrolls ? STEPS : 1;
  int64_t p = 0;
#define STEP(p) \
  NAME(step)( \
      rows, vectors, form, copies, base, left + (form == ROWS_PACKED ? (p) : (p) * STRIDE), \
      left_stride, right + (p) * right_stride, right_stride, packed + (p) * COLUMNS, sum)
  for (; steps > 1 && p + steps <= k; p += steps)
#pragma unroll
    for (int q = 0; q < steps; q++) STEP(p + q);
  for (; p < k; p++) STEP(p);
#undef STEP
#pragma unroll
  for (int i = 0; i < rows; i++)
    for (int v = 0; v < vectors; v++) {
      float *to = result + i * result_stride + v * LANES;
      int count = width - v * LANES;
      if (width == 0 || count >= LANES)
        NAME(store)(to, s->adds ? NAME(load)(to) + sum[i][v] : sum[i][v]);
      else
        NAME(store_part)(
            to, s->adds ? NAME(load_part)(to, count) + sum[i][v] : sum[i][v], count);
    }
}

#define PART(n, v) \
  case 8 * n + v: \
    NAME(tile)(n, v, form, false, s, left, right, right_stride, NULL, result, width); \
    break;
#define NARROW(n) PART(n, 1) PART(n, 2)
#define WIDE(n) PART(n, 3) PART(n, 4)

ALWAYS void NAME(any_tile)(
    int rows, int vectors, const enum form form, const struct strip *s, const float *left,
    const float *right, int64_t right_stride, float *result, int width) {
  switch (8 * rows + vectors) {
    NARROW(1) NARROW(2) NARROW(3) NARROW(4) NARROW(5) NARROW(6)
#if VECTORS > 2
    NARROW(7) NARROW(8) NARROW(9) NARROW(10) NARROW(11) NARROW(12)
    WIDE(1) WIDE(2) WIDE(3) WIDE(4) WIDE(5) WIDE(6)
#endif
  }
}
#undef PART
#undef NARROW
#undef WIDE

static TARGET void NAME(tile_across)(
    int rows, int vectors, const struct strip *s, const float *left, const float *right,
    int64_t right_stride, float *result, int width) {
  NAME(any_tile)(rows, vectors, ROWS_APART, s, left, right, right_stride, result, width);
}

static TARGET void NAME(tile_along)(
    int rows, int vectors, const struct strip *s, const float *left, const float *right,
    int64_t right_stride, float *result, int width) {
  NAME(any_tile)(rows, vectors, COLUMNS_PACKED, s, left, right, right_stride, result, width);
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
  for (int64_t p = 0; p < k; p++)
    NAME(store)(to + p * to_stride, NAME(load_part)(from + p * from_stride, lanes));
}

// Where a row starts in a panel that is stored transposed.
ALWAYS int64_t NAME(along)(int row) { return row / HIGH * STRIDE * LENGTH + row % HIGH; }

// Part `part` of the panel of `rows` rows of the left matrix is packed; of a matrix stored by rows
// the next part is brought nearer.
static TARGET void NAME(pack_part)(const struct left *l, int64_t part, int64_t parts, float *to) {
  int64_t step = (l->k + parts * LANES - 1) / (parts * LANES) * LANES;
  int64_t p = part * step, end = p + step < l->k ? p + step : l->k;
  int64_t next = end + step < l->k ? end + step : l->k;
  if (p >= end) return;
  if (l->across) {
    const float *from = l->from;
    for (int i = 0; i < l->rows; i++, from += l->stride, to += LENGTH) {
      int64_t q = p;
      for (; q + LANES <= end; q += LANES) NAME(store)(to + q, NAME(load)(from + q));
      if (q < end) NAME(store)(to + q, NAME(load_part)(from + q, (int)(end - q)));
      for (q = end; q < next; q += 16) __builtin_prefetch(from + q);
    }
  } else {
    for (const float *from = l->from + p * l->stride; p < end; p++, from += l->stride)
      for (int i = 0; i < l->rows; i += HIGH)
        NAME(store)(
            to + NAME(along)(i) + p * STRIDE,
            NAME(load_part)(from + i, l->rows - i < HIGH ? l->rows - i : HIGH));
  }
}

static TARGET void NAME(pack_left)(const struct left *l, float *to) {
  NAME(pack_part)(l, 0, 1, to);
}

#define WHOLE(form) { \
  if (copies) \
    NAME(tile)(ROWS, VECTORS, form, true, s, left, right, stride, packed, result, 0); \
  else if (STEPS > 1 && form != ROWS_APART && stride == COLUMNS) \
    NAME(tile)(ROWS, VECTORS, form, false, s, left, right, COLUMNS, NULL, result, 0); \
  else \
    NAME(tile)(ROWS, VECTORS, form, false, s, left, right, stride, NULL, result, 0); \
}

// One tile of `rows` rows at the panel of the right matrix that starts at `right`.
ALWAYS void NAME(choose)(
    int rows, bool copies, const struct strip *s, const float *left, const float *right,
    int64_t stride, float *packed, float *result, int width) {
  int vectors = width > 0 ? (width + LANES - 1) / LANES : VECTORS;
  if (width > 0 || rows < ROWS)
    (s->left_across ? NAME(tile_across) : NAME(tile_along))(
        rows, vectors, s, left, right, stride, result, width);
  else if (!s->left_across)
    WHOLE(COLUMNS_PACKED)
  else if (s->left_stride == LENGTH)
    WHOLE(ROWS_PACKED)
  else
    WHOLE(ROWS_APART)
}
#undef WHOLE

// One panel of the left matrix times `columns` columns of the right one, while the next panel is
// packed.
static TARGET void NAME(multiply)(const struct strip *s, const float *left, float *next) {
  int64_t panels = (s->columns + COLUMNS - 1) / COLUMNS;
  const float *right = s->right;
  float *packed = s->packed, *result = s->result;
  for (int64_t j = 0; j < panels; j++, result += COLUMNS) {
    int64_t width = s->columns - j * COLUMNS;
    if (s->next.rows > 0) NAME(pack_part)(&s->next, j, panels, next);
    // A panel that is not whole is packed before.
    bool whole = width >= COLUMNS;
    int most = width > COLUMNS / 2 ? ROWS : HIGH;
    const float *from = whole ? right : s->edge;
    int64_t stride = whole ? s->right_stride : COLUMNS;
    for (int row = 0; row < s->rows; row += most) {
      bool copies = s->copies && whole && row == 0;
      NAME(choose)(
          s->rows - row < most ? s->rows - row : most, copies, s,
          left + (s->left_across ? row * s->left_stride : NAME(along)(row)), from, stride, packed,
          result + row * s->result_stride, whole ? 0 : (int)width);
      if (copies) {
        from = packed;
        stride = COLUMNS;
      }
    }
    right += s->right_panel;
    packed += COLUMNS * s->k;
  }
}

// The panels of `columns` columns of the right matrix, one after the other.
static TARGET void NAME(pack_right)(
    const float *from, int64_t from_stride, bool across, int64_t columns, int64_t k, float *to,
    int64_t panel) {
  for (int64_t j = 0; j < columns; j += LANES)
    (across ? NAME(pack_across) : NAME(pack_along))(
        across ? from + j * from_stride : from + j, from_stride,
        columns - j < LANES ? (int)(columns - j) : LANES, k,
        to + j / COLUMNS * panel + j % COLUMNS, COLUMNS);
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

static int64_t NAME(depth)(int64_t k) { return k; }

static const struct processor NAME(processor) = {
    .rows = PANEL, .left_size = PANEL / HIGH * STRIDE * LENGTH, .left_stride = LENGTH, .columns = COLUMNS,
    .inner = INNER, .block = BLOCK, .depth = NAME(depth), .grain = 1, .reads_unpacked = true,
    .multiply = NAME(multiply), .pack_left = NAME(pack_left), .pack_right = NAME(pack_right),
    .dots = NAME(dots), .combination = NAME(combination),
};

#undef MASK
#undef LOAD_PART
#undef STORE_PART
#undef STRIDE
#undef PANEL
#undef LENGTH
#undef COLUMNS
#undef HIGH
#undef ALWAYS
#undef VECTOR
#undef TARGET
#undef NAME
#undef LANES
#undef ROWS
#undef TILES
#undef STEPS
#undef VECTORS
#undef INNER
#undef BLOCK
