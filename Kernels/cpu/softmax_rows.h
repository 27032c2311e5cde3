// What softmax and cross-entropy do with a row of one scalar type. Included once for each, with T
// the type, MASK an integer type as wide, EXP and LOG1P on it, and INDEPENDENT before loops of
// them that can be vectorised. NAME(x) is the type's name for x.

#include <math.h>
#include <string.h>

enum { NAME(lane_count) = 128 / sizeof(T) };
#undef LANES
#define LANES NAME(lane_count)

typedef T NAME(lanes) __attribute__((vector_size(LANES * sizeof(T)), aligned(sizeof(T))));
typedef MASK NAME(masks) __attribute__((vector_size(LANES * sizeof(T)), aligned(sizeof(T))));

// How many lanes are added up before they are brought together in a double.
#undef RUN
#define RUN 64

INLINE double NAME(fold)(const NAME(lanes) *lanes) {
  T folded[LANES];
  memcpy(folded, lanes, sizeof folded);
  _Pragma("unroll") for (int width = LANES / 2; width > 0; width /= 2)
    for (int l = 0; l < width; l++) folded[l] += folded[l + width];
  return (double)folded[0];
}

// The largest element; -inf only if there is nothing else. A NaN may win or be passed over.
INLINE T NAME(largest)(const T *x, int64_t n) {
  T best = -INFINITY;
  int64_t i = 0;
  if (n >= LANES) {
    NAME(lanes) lanes = *(const NAME(lanes) *)x;
    for (i = LANES; i + LANES <= n; i += LANES) {
      NAME(lanes) y = *(const NAME(lanes) *)(x + i);
      NAME(masks) stays = (NAME(masks))(y <= lanes);
      lanes = (NAME(lanes))((stays & (NAME(masks))lanes) | (~stays & (NAME(masks))y));
    }
    for (int l = 0; l < LANES; l++) best = !(lanes[l] <= best) ? lanes[l] : best;
  }
  for (; i < n; i++) best = !(x[i] <= best) ? x[i] : best;
  return best;
}

// The sum of exp(x[i] - shift), each stored in y[i] unless y is NULL.
INLINE double NAME(exponentials)(const T *x, T shift, T *y, int64_t n) {
  double total = 0;
  T part[LANES];
  int64_t i = 0;
  while (i + LANES <= n) {
    NAME(lanes) lanes = {};
    for (int r = 0; r < RUN && i + LANES <= n; r++, i += LANES) {
      for (int l = 0; l < LANES; l++) part[l] = EXP(x[i + l] - shift);
      NAME(lanes) e;
      memcpy(&e, part, sizeof e);
      lanes += e;
      if (y) *(NAME(lanes) *)(y + i) = e;
    }
    total += NAME(fold)(&lanes);
  }
  if (i < n) {
    // The rest as a whole vector.
    for (int l = 0; l < LANES; l++) part[l] = -INFINITY;
    for (int l = 0; l < n - i; l++) part[l] = x[i + l] - shift;
    for (int l = 0; l < LANES; l++) part[l] = EXP(part[l]);
    NAME(lanes) lanes;
    memcpy(&lanes, part, sizeof lanes);
    total += NAME(fold)(&lanes);
    if (y)
      for (int l = 0; l < n - i; l++) y[i + l] = part[l];
  }
  return total;
}

// The sum of a[i] b[i]; of a[i] if b is NULL.
INLINE double NAME(products)(const T *a, const T *b, int64_t n) {
  double total = 0;
  int64_t i = 0;
  while (i + LANES <= n) {
    NAME(lanes) lanes = {};
    for (int r = 0; r < RUN && i + LANES <= n; r++, i += LANES) {
      NAME(lanes) x = *(const NAME(lanes) *)(a + i);
      lanes = b ? __builtin_elementwise_fma(x, *(const NAME(lanes) *)(b + i), lanes) : lanes + x;
    }
    total += NAME(fold)(&lanes);
  }
  T rest = 0;
  for (; i < n; i++) rest = b ? __builtin_elementwise_fma(a[i], b[i], rest) : rest + a[i];
  return total + (double)rest;
}
