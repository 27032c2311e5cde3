// The loops of moments and of sums of products for one scalar type. Included once for each, with T
// the type; NAME(x) is the type's name for x.
//
// Both add up two things a column, in double: of distances d from a pivot, d and d·d, or of factors
// g, g and g·d.

typedef T NAME(lanes) __attribute__((vector_size(LANES * sizeof(T)), aligned(sizeof(T))));

#define WIDE(p) __builtin_convertvector(*(const NAME(lanes) *)(p), doubles)
#define DISTANCE(i) (WIDE(x + (i)) - pivot)

#define LOOPS(kind, FETCH, ADDED, PRODUCT, ADDED_ONE, PRODUCT_ONE) \
  /* One row of n elements. */ \
  CLONES static void NAME(kind##_span)( \
      const void *factors, const void *values, int64_t n, double origin, double *sum, \
      double *product_sum) { \
    [[maybe_unused]] const T *g = factors; \
    const T *x = values; \
    doubles s = {}, q = {}, pivot = origin - (doubles){}; \
    int64_t i = 0; \
    for (; i + LANES <= n; i += LANES) { \
      doubles d = DISTANCE(i); \
      s += ADDED(i); \
      q += PRODUCT(i); \
    } \
    double sums[LANES], products[LANES]; \
    memcpy(sums, &s, sizeof sums); \
    memcpy(products, &q, sizeof products); \
    _Pragma("unroll") for (int width = LANES / 2; width > 0; width /= 2) \
      for (int l = 0; l < width; l++) { \
        sums[l] += sums[l + width]; \
        products[l] += products[l + width]; \
      } \
    for (; i < n; i++) { \
      double d = (double)x[i] - origin; \
      sums[0] += ADDED_ONE(i); \
      products[0] += PRODUCT_ONE(i); \
    } \
    *sum += sums[0]; \
    *product_sum += products[0]; \
  } \
  /* Columns side by side, a few rows at a time: so many as stay in the first-level cache. */ \
  CLONES static void NAME(kind##_columns)( \
      const void *factors, const void *values, int64_t rows, int64_t stride, int64_t width, \
      const double *origins, double *sums, double *product_sums) { \
    for (int64_t first = 0; first < rows; first += ROWS) { \
      const int64_t end = rows - first < ROWS ? rows : first + ROWS; \
      [[maybe_unused]] const T *g = (const T *)factors; \
      const T *x = values; \
      int64_t j = 0; \
      for (; j + LANES <= width; j += LANES) { \
        const doubles pivot = *(const doubles *)(origins + j); \
        doubles s = *(doubles *)(sums + j), q = *(doubles *)(product_sums + j); \
        for (int64_t r = first; r < end; r++) { \
          FETCH((r + ROWS) * stride + j) \
          doubles d = DISTANCE(r * stride + j); \
          s += ADDED(r * stride + j); \
          q += PRODUCT(r * stride + j); \
        } \
        *(doubles *)(sums + j) = s; \
        *(doubles *)(product_sums + j) = q; \
      } \
      for (; j < width; j++) { \
        const double origin = origins[j]; \
        double s = sums[j], q = product_sums[j]; \
        for (int64_t r = first; r < end; r++) { \
          double d = (double)x[r * stride + j] - origin; \
          s += ADDED_ONE(r * stride + j); \
          q += PRODUCT_ONE(r * stride + j); \
        } \
        sums[j] = s; \
        product_sums[j] = q; \
      } \
    } \
  }

#define ITSELF(i) d
#define SQUARE(i) d *d
#define FACTOR(i) WIDE(g + (i))
#define WEIGHTED(i) WIDE(g + (i)) * d
#define FACTOR_ONE(i) (double)g[i]
#define WEIGHTED_ONE(i) (double)g[i] * d

// Asks for what the next few rows read: no processor foresees so many rows at once.
#define FETCH_ONE(i) __builtin_prefetch(x + (i));
#define FETCH_BOTH(i) __builtin_prefetch(x + (i)), __builtin_prefetch(g + (i));

LOOPS(moments, FETCH_ONE, ITSELF, SQUARE, ITSELF, SQUARE)
LOOPS(sums, FETCH_BOTH, FACTOR, WEIGHTED, FACTOR_ONE, WEIGHTED_ONE)

static void NAME(widen)(const void *input, int64_t n, double *result) {
  for (int64_t j = 0; j < n; j++) result[j] = (double)((const T *)input)[j];
}

static void NAME(store)(const double *values, int64_t n, double factor, void *result) {
  for (int64_t j = 0; j < n; j++) ((T *)result)[j] = (T)(values[j] * factor);
}

static const struct loops NAME(loops)[] = {
    {NAME(moments_span), NAME(moments_columns), NAME(widen), NAME(store), sizeof(T)},
    {NAME(sums_span), NAME(sums_columns), NAME(widen), NAME(store), sizeof(T)},
};

#undef WIDE
#undef DISTANCE
#undef LOOPS
#undef FETCH_ONE
#undef FETCH_BOTH
#undef ITSELF
#undef SQUARE
#undef FACTOR
#undef WEIGHTED
#undef FACTOR_ONE
#undef WEIGHTED_ONE
#undef T
#undef NAME
