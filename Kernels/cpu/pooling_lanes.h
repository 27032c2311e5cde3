// What one position of an image does for LANES neighbouring channels of type T. Included once for
// each number of lanes, with BLOCK(x) its name for x; INDEX is the integer as wide as T.

typedef T BLOCK(vector) __attribute__((vector_size(LANES * sizeof(T)), aligned(sizeof(T))));
typedef T BLOCK(aligned) __attribute__((vector_size(LANES * sizeof(T))));
typedef INDEX BLOCK(mask) __attribute__((vector_size(LANES * sizeof(T)), aligned(sizeof(T))));
typedef uint8_t BLOCK(bytes) __attribute__((vector_size(LANES), aligned(1)));
typedef int32_t BLOCK(places) __attribute__((vector_size(4 * LANES), aligned(4)));

#define LOAD(from) (*(const BLOCK(vector) *)(from))
// Past the caches if `streams`, which says that there are whole vectors only and more of them than
// caches hold: a line that is written whole then need not be read first.
#define STORE(to, value) \
  if (LANES > 1 && streams) \
    __builtin_nontemporal_store((BLOCK(aligned))(value), (BLOCK(aligned) *)(to)); \
  else \
    *(BLOCK(vector) *)(to) = (value)
#define WIDENED(type, place) __builtin_convertvector(*(const BLOCK(type) *)(place), BLOCK(mask))
#define LOAD_WINNERS(at) \
  (s->is_plane ? WIDENED(places, (const int32_t *)winners + (at)) \
               : WIDENED(bytes, (const uint8_t *)winners + (at)))
// Whether `value` takes the place of `best`.
#if HAS_GRADIENT
#define WINS(value, best) (((value) > (best)) | ((value) != (value)))
#else
#define WINS(value, best) ((value) > (best))
#endif
#define CHOOSE(which, a, b) (((which) & (BLOCK(mask))(a)) | (~(which) & (BLOCK(mask))(b)))

INLINE void BLOCK(maximum)(
    bool streams, const pooling_shape *s, const T *input, pooling_span row, pooling_span column, T *result,
    void *winners, int64_t at) {
  const int64_t channels = s->channels, line = s->input_columns * channels;
  const T *corner = input + row.first * line + column.first * channels;
  BLOCK(vector) best = LOAD(corner);
  if (!winners) {
    for (int a = 0; a < row.count; a++)
      for (int b = 0; b < column.count; b++) {
        const BLOCK(vector) value = LOAD(corner + a * line + b * channels);
        const BLOCK(mask) wins = WINS(value, best);
        best = (BLOCK(vector))CHOOSE(wins, value, best);
      }
    STORE(result + at, best);
    return;
  }
  const INDEX width = (INDEX)(s->is_plane ? s->input_columns : s->width);
  const INDEX start = (INDEX)(s->is_plane ? row.first * s->input_columns + column.first : 0);
  BLOCK(mask) winner = (BLOCK(mask)){} + start;
  for (int a = 0; a < row.count; a++)
    for (int b = 0; b < column.count; b++) {
      const BLOCK(vector) value = LOAD(corner + a * line + b * channels);
      const BLOCK(mask) wins = WINS(value, best);
      best = (BLOCK(vector))CHOOSE(wins, value, best);
      winner = CHOOSE(wins, (BLOCK(mask)){} + (INDEX)(start + a * width + b), winner);
    }
  STORE(result + at, best);
  if (s->is_plane)
    *(BLOCK(places) *)((int32_t *)winners + at) = __builtin_convertvector(winner, BLOCK(places));
  else
    *(BLOCK(bytes) *)((uint8_t *)winners + at) = __builtin_convertvector(winner, BLOCK(bytes));
}

#if HAS_GRADIENT
INLINE void BLOCK(spread)(
    bool streams, const pooling_shape *s, const T *values, const void *winners, int64_t image,
    int64_t r, int64_t k, pooling_span rows, pooling_span columns, int64_t c, T *result) {
  const int64_t line = s->output_columns * s->channels;
  BLOCK(vector) sum = {};
  for (int64_t i = rows.first; i < rows.first + rows.count; i++)
    for (int64_t j = columns.first; j < columns.first + columns.count; j++) {
      const int64_t at = image + i * line + j * s->channels + c;
      const INDEX place = (INDEX)(s->is_plane ? r * s->input_columns + k
                                              : (r - s->rows[i].first) * s->width + k
                                                    - s->columns[j].first);
      const BLOCK(mask) won = LOAD_WINNERS(at) == place;
      sum += (BLOCK(vector))(won & (BLOCK(mask))LOAD(values + at));
    }
  STORE(result, sum);
}

// The element that won is read again as its place comes by: no lane reads memory of its own.
INLINE void BLOCK(pick)(
    bool streams, const pooling_shape *s, const T *input, const void *winners, pooling_span row,
    pooling_span column, T *result, int64_t at) {
  const int64_t channels = s->channels, line = s->input_columns * channels;
  const T *corner = input + row.first * line + column.first * channels;
  const INDEX width = (INDEX)(s->is_plane ? s->input_columns : s->width);
  const INDEX start = (INDEX)(s->is_plane ? row.first * s->input_columns + column.first : 0);
  const BLOCK(mask) winner = LOAD_WINNERS(at);
  BLOCK(mask) picked = {};
  for (int a = 0; a < row.count; a++)
    for (int b = 0; b < column.count; b++) {
      const BLOCK(mask) won = winner == (INDEX)(start + a * width + b);
      picked |= won & (BLOCK(mask))LOAD(corner + a * line + b * channels);
    }
  STORE(result + at, (BLOCK(vector))picked);
}

// For `count` vectors side by side, at most four: what is counted for one serves all.
INLINE void BLOCK(sums)(
    const int count, bool streams, const pooling_sum *s, const T *input, pooling_span row,
    pooling_span column, T *result) {
  const int64_t channels = s->channels, line = s->input_columns * channels;
  const T *row_weights = (const T *)s->row_weights + row.start;
  const T *column_weights = (const T *)s->column_weights + column.start;
  const T *corner = input + row.first * line + column.first * channels;
  BLOCK(vector) sum[4] = {};
  for (int b = 0; b < column.count; b++) {
    BLOCK(vector) part[4] = {};
    for (int a = 0; a < row.count; a++) {
      const BLOCK(vector) weight = (BLOCK(vector)){} + row_weights[a];
      for (int v = 0; v < count; v++)
        part[v] = __builtin_elementwise_fma(
            weight, LOAD(corner + a * line + b * channels + v * LANES), part[v]);
    }
    const BLOCK(vector) weight = (BLOCK(vector)){} + column_weights[b];
    for (int v = 0; v < count; v++)
      sum[v] = __builtin_elementwise_fma(weight, part[v], sum[v]);
  }
  const int64_t divisor = (int64_t)row.divisor * column.divisor;
  for (int v = 0; v < count; v++) {
    STORE(result + v * LANES, divisor == 1 ? sum[v] : sum[v] / (T)divisor);
  }
}
#endif

#undef LOAD
#undef STORE
#undef LOAD_WINNERS
#undef WIDENED
#undef WINS
#undef CHOOSE
