// The loops of reductions for one scalar type. Included once for each, with T the type, SUM what
// sums are kept in, MASK an integer type as wide as T, LOWEST and HIGHEST, IS_FLOATING.
// NAME(x) is the type's name for x.

enum { NAME(lane_count) = sizeof(T) == 1 ? 64 : sizeof(T) == 4 ? 32 : 16 };
#define LANES NAME(lane_count)

typedef T NAME(lanes) __attribute__((vector_size(LANES * sizeof(T)), aligned(sizeof(T))));
typedef SUM NAME(sums) __attribute__((vector_size(LANES * sizeof(SUM)), aligned(sizeof(SUM))));
typedef MASK NAME(masks) __attribute__((vector_size(LANES * sizeof(T)), aligned(sizeof(T))));

#if IS_FLOATING
#define BEATS(x, best, above) (((x)above(best)) | ((x) != (x)))
#define IS_NAN(x) ((x) != (x))
#else
#define BEATS(x, best, above) ((x)above(best))
#define IS_NAN(x) 0
#endif
// The first one stays among equals, and NaN once it is there.
#define REPLACES(x, best, above) (((x)above(best)) | (IS_NAN(x) & !IS_NAN(best)))

// `fours`: whether four elements may be brought together in T, before they become a SUM.
#define SPAN(kind, neutral, operation, fours) \
  CLONES static void NAME(kind##_span)(const void *input, int64_t n, void *state) { \
    const T *x = input; \
    SUM total = *(SUM *)state; \
    int64_t i = 0; \
    if (n >= LANES) { \
      NAME(sums) lanes = (SUM)neutral - (NAME(sums)){}; \
      for (; fours && i + 4 * LANES <= n; i += 4 * LANES) { \
        const NAME(lanes) *v = (const NAME(lanes) *)(x + i); \
        lanes = lanes operation __builtin_convertvector( \
            (v[0] operation v[1]) operation(v[2] operation v[3]), NAME(sums)); \
      } \
      for (; i + LANES <= n; i += LANES) \
        lanes = lanes operation __builtin_convertvector(*(const NAME(lanes) *)(x + i), NAME(sums)); \
      SUM folded[LANES]; \
      memcpy(folded, &lanes, sizeof folded); \
      _Pragma("unroll") for (int width = LANES / 2; width > 0; width /= 2) \
        for (int l = 0; l < width; l++) folded[l] = folded[l] operation folded[l + width]; \
      total = total operation folded[0]; \
    } \
    for (; i < n; i++) total = total operation (SUM)x[i]; \
    *(SUM *)state = total; \
  } \
  CLONES static void NAME(kind##_columns)( \
      const void *input, int64_t rows, int64_t stride, int64_t width, void *state, int32_t *where, \
      int64_t first) { \
    (void)where, (void)first; \
    const T *restrict x = input; \
    SUM *restrict total = state; \
    int64_t r = 0; \
    for (; r + 4 <= rows; r += 4, x += 4 * stride) \
      for (int64_t j = 0; j < width; j++) \
        total[j] = total[j] operation(((SUM)x[j] operation(SUM) x[stride + j]) operation( \
            (SUM)x[2 * stride + j] operation(SUM) x[3 * stride + j])); \
    for (; r < rows; r++, x += stride) \
      for (int64_t j = 0; j < width; j++) total[j] = total[j] operation(SUM) x[j]; \
  } \
  CLONES static void NAME(kind##_short_rows)( \
      const void *input, int64_t rows, int64_t n, void *result) { \
    const T *x = input; \
    for (int64_t r = 0; r < rows; r++, x += n) { \
      SUM total = neutral; \
      _Pragma("clang loop vectorize(disable)") \
      for (int64_t i = 0; i < n; i++) total = total operation(SUM) x[i]; \
      ((T *)result)[r] = (T)total; \
    } \
  } \
  static void NAME(kind##_merge)( \
      const void *input, const int32_t *from, int64_t n, void *state, int32_t *where) { \
    (void)from, (void)where; \
    const SUM *x = input; \
    SUM *total = state; \
    for (int64_t j = 0; j < n; j++) total[j] = total[j] operation x[j]; \
  } \
  static void NAME(kind##_begin)(int64_t n, void *state) { \
    for (int64_t j = 0; j < n; j++) ((SUM *)state)[j] = neutral; \
  }

SPAN(sum, 0, +, IS_FLOATING)
SPAN(product, 1, *, 0)

static void NAME(store_sums)(const void *state, int64_t n, void *result) {
  for (int64_t j = 0; j < n; j++) ((T *)result)[j] = (T)((const SUM *)state)[j];
}

#define EXTREME(kind, neutral, above) \
  CLONES static void NAME(kind##_span)(const void *input, int64_t n, void *state) { \
    const T *x = input; \
    T best = *(T *)state; \
    int64_t i = 0; \
    if (n >= LANES) { \
      NAME(lanes) lanes = *(const NAME(lanes) *)x; \
      for (i = LANES; i + LANES <= n; i += LANES) { \
        NAME(lanes) y = *(const NAME(lanes) *)(x + i); \
        NAME(masks) takes = (NAME(masks))(BEATS(y, lanes, above)); \
        lanes = (NAME(lanes))((takes & (NAME(masks))y) | (~takes & (NAME(masks))lanes)); \
      } \
      for (int l = 0; l < LANES; l++) best = BEATS(lanes[l], best, above) ? lanes[l] : best; \
    } \
    for (; i < n; i++) best = BEATS(x[i], best, above) ? x[i] : best; \
    *(T *)state = best; \
  } \
  CLONES static void NAME(kind##_columns)( \
      const void *input, int64_t rows, int64_t stride, int64_t width, void *state, int32_t *where, \
      int64_t first) { \
    (void)where, (void)first; \
    const T *restrict x = input; \
    T *restrict best = state; \
    int64_t r = 0; \
    for (; r + 4 <= rows; r += 4, x += 4 * stride) \
      for (int64_t j = 0; j < width; j++) { \
        T a = best[j], b = x[j], c = x[stride + j], d = x[2 * stride + j], e = x[3 * stride + j]; \
        a = BEATS(b, a, above) ? b : a; \
        a = BEATS(c, a, above) ? c : a; \
        a = BEATS(d, a, above) ? d : a; \
        best[j] = BEATS(e, a, above) ? e : a; \
      } \
    for (; r < rows; r++, x += stride) \
      for (int64_t j = 0; j < width; j++) best[j] = BEATS(x[j], best[j], above) ? x[j] : best[j]; \
  } \
  CLONES static void NAME(kind##_short_rows)( \
      const void *input, int64_t rows, int64_t n, void *result) { \
    const T *x = input; \
    for (int64_t r = 0; r < rows; r++, x += n) { \
      T best = neutral; \
      _Pragma("clang loop vectorize(disable)") \
      for (int64_t i = 0; i < n; i++) best = BEATS(x[i], best, above) ? x[i] : best; \
      ((T *)result)[r] = best; \
    } \
  } \
  CLONES static void NAME(kind##_where_short_rows)( \
      const void *input, int64_t rows, int64_t n, void *result) { \
    const T *x = input; \
    for (int64_t r = 0; r < rows; r++, x += n) { \
      T best = neutral; \
      _Pragma("clang loop vectorize(disable)") \
      for (int64_t i = 0; i < n; i++) best = BEATS(x[i], best, above) ? x[i] : best; \
      /* Without branches: where the best one stands cannot be foretold. */ \
      int32_t where = 0; \
      _Pragma("clang loop vectorize(disable)") \
      for (int32_t i = (int32_t)n - 1; i >= 0; i--) { \
        int32_t mask = -(int32_t)((x[i] == best) | (IS_NAN(x[i]) & IS_NAN(best))); \
        where = (i & mask) | (where & ~mask); \
      } \
      ((int32_t *)result)[r] = where; \
    } \
  } \
  static void NAME(kind##_merge)( \
      const void *input, const int32_t *from, int64_t n, void *state, int32_t *where) { \
    (void)from, (void)where; \
    NAME(kind##_columns)(input, 1, 0, n, state, NULL, 0); \
  } \
  static void NAME(kind##_begin)(int64_t n, void *state) { \
    for (int64_t j = 0; j < n; j++) ((T *)state)[j] = neutral; \
  } \
  /* The first of the best among n > 0, counted from 0, and its value. */ \
  CLONES static int64_t NAME(kind##_where)(const void *input, int64_t n, void *state) { \
    const T *x = input; \
    T best = x[0]; \
    int64_t where = 0; \
    for (int64_t i = 0; i < n; i += 1024) { \
      int64_t end = n - i < 1024 ? n : i + 1024; \
      T found = x[i]; \
      NAME(kind##_span)(x + i, end - i, &found); \
      if (!REPLACES(found, best, above)) continue; \
      for (where = i; !(IS_NAN(found) ? IS_NAN(x[where]) : x[where] == found); where++) {} \
      best = found; \
    } \
    *(T *)state = best; \
    return where; \
  } \
  CLONES static void NAME(kind##_where_columns)( \
      const void *input, int64_t rows, int64_t stride, int64_t width, void *state, \
      int32_t *restrict where, int64_t first) { \
    const T *restrict x = input; \
    T *restrict best = state; \
    for (int64_t r = 0; r < rows; r++, x += stride) { \
      int32_t row = (int32_t)(first + r); \
      for (int64_t j = 0; j < width; j++) { \
        T a = x[j], b = best[j]; \
        int takes = (where[j] < 0) | (a above b) | (IS_NAN(a) & !IS_NAN(b)); \
        best[j] = takes ? a : b; \
        where[j] = takes ? row : where[j]; \
      } \
    } \
  } \
  static void NAME(kind##_where_merge)( \
      const void *input, const int32_t *from, int64_t n, void *state, int32_t *where) { \
    const T *x = input; \
    T *best = state; \
    for (int64_t j = 0; j < n; j++) \
      if (where[j] < 0 || REPLACES(x[j], best[j], above)) { \
        best[j] = x[j]; \
        where[j] = from[j]; \
      } \
  }

EXTREME(maximum, LOWEST, >)
EXTREME(minimum, HIGHEST, <)

static void NAME(store_extremes)(const void *state, int64_t n, void *result) {
  memcpy(result, state, (size_t)n * sizeof(T));
}

#define SUMS(kind) \
  {.span = NAME(kind##_span), .columns = NAME(kind##_columns), .merge = NAME(kind##_merge), \
   .begin = NAME(kind##_begin), .short_rows = NAME(kind##_short_rows), \
   .store = NAME(store_sums), .state_size = sizeof(SUM)}
#define EXTREMES(kind) \
  {.span = NAME(kind##_span), .columns = NAME(kind##_columns), .merge = NAME(kind##_merge), \
   .begin = NAME(kind##_begin), .short_rows = NAME(kind##_short_rows), \
   .store = NAME(store_extremes), .state_size = sizeof(T)}
#define WHERES(kind) \
  {.where = NAME(kind##_where), .columns = NAME(kind##_where_columns), \
   .merge = NAME(kind##_where_merge), .begin = NAME(kind##_begin), \
   .short_rows = NAME(kind##_where_short_rows), .state_size = sizeof(T)}

static const struct loops NAME(loops)[] = {
    SUMS(sum), SUMS(product), EXTREMES(maximum), EXTREMES(minimum), WHERES(maximum),
    WHERES(minimum),
};

#undef LANES
#undef BEATS
#undef IS_NAN
#undef REPLACES
#undef SPAN
#undef EXTREME
#undef SUMS
#undef EXTREMES
#undef WHERES
#undef T
#undef SUM
#undef MASK
#undef LOWEST
#undef HIGHEST
#undef IS_FLOATING
#undef NAME
