// How numbers are cut into bfloat16, and matrices packed as tiles of them: for matmul_bfloat16.c.

#include <immintrin.h>

#define TARGET \
  __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma")))
#define ALWAYS static inline __attribute__((always_inline)) TARGET

enum {
  // Of a tile: rows, floats in a row; and how many numbers of the summed index it takes, as pairs
  // that are SIDE apart.
  SIDE = 16,
  DEPTH = 32,
  // A block of results: two tiles each way.
  BLOCK = 2 * SIDE,
  PARTS = 3,
  TILE = SIDE * SIDE,
  // One part of DEPTH numbers of a panel, and all three.
  PANEL_PART = 2 * TILE,
  PANEL_STEP = PARTS * PANEL_PART,
  INNER = 384,
};

static int64_t quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The upper half of each number, rounded; what is left of it stays.
ALWAYS __m512i take_half(__m512 *x) {
  __m512i upper = _mm512_and_si512(
      _mm512_add_epi32(_mm512_castps_si512(*x), _mm512_set1_epi32(0x8000)),
      _mm512_set1_epi32((int)0xffff0000));
  *x = _mm512_sub_ps(*x, _mm512_castsi512_ps(upper));
  return upper;
}

// The same for numbers of which some are infinite, none, or become so by rounding.
ALWAYS __m512i take_unusual_half(__m512 *x) {
  __mmask16 is_nan = _mm512_cmp_ps_mask(*x, *x, _CMP_UNORD_Q);
  __mmask16 is_infinite = _mm512_fpclass_ps_mask(*x, 0x18);
  __m512i upper = _mm512_and_si512(_mm512_castps_si512(*x), _mm512_set1_epi32((int)0xffff0000));
  upper = _mm512_mask_mov_epi32(upper, is_nan, _mm512_set1_epi32(0x7fc00000));
  *x = _mm512_maskz_sub_ps((__mmask16)~(is_nan | is_infinite), *x, _mm512_castsi512_ps(upper));
  return upper;
}

// Of what is left of tiny numbers only the upper half is stored.
ALWAYS void store_pairs(__m512i first, __m512i second, float *to) {
  _mm512_store_si512(
      to, _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32(first, 16), second));
}

static __attribute__((noinline)) TARGET void put_unusual_pairs(
    __m512 first, __m512 second, float *to) {
  __m512i upper = take_unusual_half(&first);
  store_pairs(upper, take_unusual_half(&second), to);
  upper = take_half(&first);
  store_pairs(upper, take_half(&second), to + PANEL_PART);
  store_pairs(_mm512_castps_si512(first), _mm512_castps_si512(second), to + 2 * PANEL_PART);
}

// One row of the three tiles, at `to` and PANEL_PART on: pairs of `first` and `second`.
ALWAYS void put_pairs(const __m512 first, const __m512 second, float *to) {
  __m512 x = first, y = second;
  __m512i a = take_half(&x), b = take_half(&y);
  __m512 difference = _mm512_sub_ps(x, y);
  // Nothing finite is left of what is infinite, or becomes so.
  if (__builtin_expect(_mm512_fpclass_ps_mask(difference, 0x99) != 0, 0)) {
    put_unusual_pairs(first, second, to);
    return;
  }
  store_pairs(a, b, to);
  a = take_half(&x), b = take_half(&y);
  store_pairs(a, b, to + PANEL_PART);
  store_pairs(_mm512_castps_si512(x), _mm512_castps_si512(y), to + 2 * PANEL_PART);
}

ALWAYS __mmask16 lanes(int64_t count) {
  return count >= SIDE ? 0xffff : count <= 0 ? 0 : (__mmask16)((1u << count) - 1);
}

ALWAYS void transpose(__m512 x[SIDE]) {
  __m512 y[SIDE];
  // Perfect shuffles of all lanes, as often as SIDE has bits.
#pragma unroll
  for (int step = 1; step < SIDE; step *= 2) {
#pragma unroll
    for (int i = 0; i < SIDE / 2; i++) {
      y[2 * i] = __builtin_shufflevector(
          x[i], x[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      y[2 * i + 1] = __builtin_shufflevector(
          x[i], x[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
#pragma unroll
    for (int i = 0; i < SIDE; i++) x[i] = y[i];
  }
}

// Of `x`, numbers that are not there are 0.
ALWAYS __m512 load(const float *x, int64_t count) {
  return count >= SIDE ? _mm512_loadu_ps(x) : _mm512_maskz_loadu_ps(lanes(count), x);
}

// What packs one tile of the right matrix, SIDE columns of which `side` are there, by DEPTH numbers
// of the summed index of which `k` are.

// Stored by rows: a tile's row is part of one row, its pairs SIDE rows apart.
ALWAYS void pack_pairs(const float *from, int64_t stride, int64_t side, int64_t k, float *to) {
  for (int d = 0; d < SIDE; d++, from += stride) {
    put_pairs(
        load(from, d < k ? side : 0), load(from + SIDE * stride, d + SIDE < k ? side : 0),
        to + d * SIDE);
    __builtin_prefetch(from + DEPTH * stride);
    __builtin_prefetch(from + (DEPTH + SIDE) * stride);
  }
}

// Stored by columns.
ALWAYS void pack_pairs_turned(
    const float *from, int64_t stride, int64_t side, int64_t k, float *to) {
  __m512 x[SIDE], y[SIDE];
#pragma unroll
  for (int j = 0; j < SIDE; j++) {
    int64_t there = j < side ? k : 0;
    x[j] = load(from + j * stride, there);
    y[j] = load(from + j * stride + SIDE, there - SIDE);
  }
  transpose(x);
  transpose(y);
#pragma unroll
  for (int i = 0; i < SIDE; i++) put_pairs(x[i], y[i], to + i * SIDE);
}

// A panel is [step][part][2 tiles]. Tiles follow each other as numbers do in memory.
static TARGET void pack_right(
    const float *from, int64_t stride, bool across, int64_t columns, int64_t k, float *to,
    int64_t panel) {
  if (across)
    for (int64_t j = 0; j < columns; j += SIDE)
      for (int64_t p = 0; p < k; p += DEPTH)
        pack_pairs_turned(
            from + j * stride + p, stride, columns - j, k - p,
            to + j / BLOCK * panel + p / DEPTH * PANEL_STEP + j % BLOCK * SIDE);
  else
    for (int64_t p = 0; p < k; p += DEPTH)
      for (int64_t j = 0; j < columns; j += SIDE)
        pack_pairs(
            from + p * stride + j, stride, columns - j, k - p,
            to + j / BLOCK * panel + p / DEPTH * PANEL_STEP + j % BLOCK * SIDE);
}

