// The transforms of Winograd's F(4×4, 3×3) for one kind of processor, a vector of channels at a
// time. Included after convolution_tile.h, with the same macros.
//
// Points are 0, ±√½, ±√2, ∞: the error is a fifth of what 0, ±1, ±2, ∞ make. Of a transformed tile
// the points follow each other row by row.

#define ROOT 1.41421356f

// Bᵀ · six values.
ALWAYS void NAME(spread)(VECTOR *to, const VECTOR *d) {
  VECTOR a = __builtin_elementwise_fma(NAME(all)(-2), d[2], d[4]);
  VECTOR b = NAME(all)(ROOT / 2) * __builtin_elementwise_fma(NAME(all)(-2), d[1], d[3]);
  VECTOR c = __builtin_elementwise_fma(NAME(all)(-0.5f), d[2], d[4]);
  VECTOR e = NAME(all)(ROOT) * __builtin_elementwise_fma(NAME(all)(-0.5f), d[1], d[3]);
  to[0] = __builtin_elementwise_fma(NAME(all)(-2.5f), d[2], d[0] + d[4]);
  to[1] = a + b;
  to[2] = a - b;
  to[3] = c + e;
  to[4] = c - e;
  to[5] = __builtin_elementwise_fma(NAME(all)(-2.5f), d[3], d[1] + d[5]);
}

// What the two pairs of points contribute to Aᵀ · six values: even powers and odd ones.
#define PAIRS \
  VECTOR a = m[1] + m[2], b = NAME(all)(ROOT / 2) * (m[1] - m[2]); \
  VECTOR c = m[3] + m[4], d = NAME(all)(ROOT) * (m[3] - m[4])

// Aᵀ · six values: four.
ALWAYS void NAME(gather)(VECTOR *to, const VECTOR *m) {
  PAIRS;
  to[0] = m[0] + (a + c);
  to[1] = b + d;
  to[2] = __builtin_elementwise_fma(NAME(all)(0.5f), a, 2 * c);
  to[3] = __builtin_elementwise_fma(NAME(all)(0.5f), b, __builtin_elementwise_fma(NAME(all)(2), d, m[5]));
}

// Aᵀ of F(3×3, 4×4) · six values: three.
ALWAYS void NAME(gather_taps)(VECTOR *to, const VECTOR *m) {
  PAIRS;
  to[0] = m[0] + (a + c);
  to[1] = b + d;
  to[2] = __builtin_elementwise_fma(NAME(all)(0.5f), a, __builtin_elementwise_fma(NAME(all)(2), c, m[5]));
}
#undef PAIRS

// From the even and odd parts at both pairs of points, and the ends.
ALWAYS void NAME(place)(
    VECTOR *to, VECTOR first, VECTOR a, VECTOR b, VECTOR c, VECTOR d, VECTOR last) {
  to[0] = first;
  to[1] = NAME(all)(-2.0f / 3) * (a + b);
  to[2] = NAME(all)(-2.0f / 3) * (a - b);
  to[3] = NAME(all)(1.0f / 6) * (c + d);
  to[4] = NAME(all)(1.0f / 6) * (c - d);
  to[5] = last;
}

// G · three taps.
ALWAYS void NAME(spread_taps)(VECTOR *to, const VECTOR *g) {
  NAME(place)(
      to, g[0], __builtin_elementwise_fma(NAME(all)(0.5f), g[2], g[0]),
      NAME(all)(ROOT / 2) * g[1], __builtin_elementwise_fma(NAME(all)(2), g[2], g[0]),
      NAME(all)(ROOT) * g[1], g[2]);
}

// The same for the four gradients of a tile's results, which play the filter's part.
ALWAYS void NAME(spread_gradients)(VECTOR *to, const VECTOR *g) {
  NAME(place)(
      to, g[0], __builtin_elementwise_fma(NAME(all)(0.5f), g[2], g[0]),
      NAME(all)(ROOT / 2) * __builtin_elementwise_fma(NAME(all)(0.5f), g[3], g[1]),
      __builtin_elementwise_fma(NAME(all)(2), g[2], g[0]),
      NAME(all)(ROOT) * __builtin_elementwise_fma(NAME(all)(2), g[3], g[1]), g[3]);
}

// `count` channels, a multiple of LANES: rows × rows values, `row` and `column` apart, become
// points × points, `to_row` and `to_column` apart.
#define TRANSFORM(name, line, rows, points, has_start) \
  static TARGET void NAME(name)( \
      const float *from, int64_t row, int64_t column, float *to, int64_t to_row, \
      int64_t to_column, int64_t count, const float *start) { \
    for (int64_t c = 0; c < count; c += LANES) { \
      VECTOR half[points][rows], d[6], e[6]; \
      VECTOR first = has_start && start ? NAME(load)(start + c) : (VECTOR){}; \
      _Pragma("unroll") for (int j = 0; j < rows; j++) { \
        _Pragma("unroll") for (int i = 0; i < rows; i++) d[i] = \
            NAME(load)(from + i * row + j * column + c); \
        NAME(line)(e, d); \
        _Pragma("unroll") for (int i = 0; i < points; i++) half[i][j] = e[i]; \
      } \
      _Pragma("unroll") for (int i = 0; i < points; i++) { \
        NAME(line)(e, half[i]); \
        _Pragma("unroll") for (int j = 0; j < points; j++) \
            NAME(store)(to + i * to_row + j * to_column + c, has_start ? e[j] + first : e[j]); \
      } \
    } \
  }

TRANSFORM(image_transform, spread, 6, 6, 0)
TRANSFORM(result_transform, gather, 6, 4, 1)
TRANSFORM(filter_transform, spread_taps, 3, 6, 0)
TRANSFORM(gradient_transform, spread_gradients, 4, 6, 0)
TRANSFORM(filter_result_transform, gather_taps, 6, 3, 0)
#undef TRANSFORM
#undef ROOT
