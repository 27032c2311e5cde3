#define _GNU_SOURCE
#include "matmul_processor.h"

#include <string.h>

// float32 products on processors that multiply tiles of bfloat16 (Intel's AMX). A number is cut
// into three bfloat16, x = upper + middle + lower, exactly, for 3 · 8 bits are the 24 that it has.
// Of the nine products of such parts six are summed; the others are less than 2^-26 of the whole,
// a float32 product is rounded by 2^-25. A tile sums 32 products before it adds them to what it
// has, so that results are nearer to the exact ones than those of a chain of multiply-adds.
//
// Tiles do not know denormal numbers: what is below 2^-126 counts as 0, products and parts alike.

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "matmul_bfloat16_left.h"

// Between instructions for tiles: where another thread shares the core, they take half the time if
// they do not follow each other at once.
#define APART __asm__ volatile(".rept 10\n nop\n .endr")

// The next step's tile comes nearer, which keeps instructions apart as well.
ALWAYS void fetch_tile(const float *from) {
#pragma unroll
  for (int i = 0; i < SIDE; i++) __builtin_prefetch(from + i * SIDE);
}

#define PART(tile, from) \
  _tile_loadd(tile, from, 4 * SIDE); \
  fetch_tile(from + PANEL_STEP);
#define MULTIPLY(sum, left, right) \
  _tile_dpbf16ps(sum, left, right); \
  APART;
#define CLEAR \
  _tile_zero(0); \
  _tile_zero(1); \
  _tile_zero(2); \
  _tile_zero(3);

// Two by two tiles of results, or two by one. Every pair of parts shares one with the pair before,
// which is there already. `sum_row` adds them up in the same order.
ALWAYS void sum_block(
    const int across, int64_t steps, const float *left, const float *right, float *block,
    struct packing *packing) {
#define LEFT(part) \
  PART(4, left + part * PANEL_PART) \
  PART(5, left + part * PANEL_PART + TILE)
#define RIGHT(part) \
  PART(6, right + part * PANEL_PART) \
  if (across > 1) { PART(7, right + part * PANEL_PART + TILE) }
#define MULTIPLY_ALL \
  MULTIPLY(0, 4, 6) \
  MULTIPLY(2, 5, 6) \
  if (across > 1) { \
    MULTIPLY(1, 4, 7) \
    MULTIPLY(3, 5, 7) \
  }
  CLEAR
  for (int64_t step = 0; step < steps; step++, left += PANEL_STEP, right += PANEL_STEP) {
    LEFT(0) RIGHT(2) MULTIPLY_ALL
    RIGHT(0) MULTIPLY_ALL
    LEFT(2) MULTIPLY_ALL
    pack_some(packing, packing->each);
    LEFT(1) MULTIPLY_ALL
    RIGHT(1) MULTIPLY_ALL
    LEFT(0) MULTIPLY_ALL
  }
  _tile_stored(0, block, 4 * BLOCK);
  if (across > 1) _tile_stored(1, block + SIDE, 4 * BLOCK);
  _tile_stored(2, block + SIDE * BLOCK, 4 * BLOCK);
  if (across > 1) _tile_stored(3, block + SIDE * BLOCK + SIDE, 4 * BLOCK);
#undef LEFT
#undef RIGHT
#undef MULTIPLY_ALL
}

// One by up to four tiles of results, in two panels: all parts of the left tile stay. The second
// panel's results are below the first one's.
ALWAYS void sum_row(
    const int across, int64_t steps, const float *left, const float *right, const float *second,
    float *block, struct packing *packing) {
#define COLUMN(sum, from) \
  PART(7, from + 2 * PANEL_PART) \
  MULTIPLY(sum, 4, 7) \
  PART(7, from) \
  MULTIPLY(sum, 4, 7) \
  MULTIPLY(sum, 6, 7) \
  MULTIPLY(sum, 5, 7) \
  PART(7, from + PANEL_PART) \
  MULTIPLY(sum, 5, 7) \
  MULTIPLY(sum, 4, 7)
  CLEAR
  for (int64_t step = 0; step < steps; step++) {
    PART(4, left)
    PART(5, left + PANEL_PART)
    PART(6, left + 2 * PANEL_PART)
    COLUMN(0, right)
    if (across > 1) { COLUMN(1, right + TILE) }
    pack_some(packing, packing->each);
    if (across > 2) { COLUMN(2, second) }
    if (across > 3) { COLUMN(3, second + TILE) }
    left += PANEL_STEP, right += PANEL_STEP, second += PANEL_STEP;
  }
  _tile_stored(0, block, 4 * BLOCK);
  if (across > 1) _tile_stored(1, block + SIDE, 4 * BLOCK);
  if (across > 2) _tile_stored(2, block + SIDE * BLOCK, 4 * BLOCK);
  if (across > 3) _tile_stored(3, block + SIDE * BLOCK + SIDE, 4 * BLOCK);
#undef COLUMN
}

// The number whose upper, middle and lower parts are in the pair at `tile`.
ALWAYS void numbers(const float *tile, __m512 *first, __m512 *second) {
  *first = *second = _mm512_setzero_ps();
  for (int part = PARTS - 1; part >= 0; part--) {
    __m512i pair = _mm512_load_si512(tile + part * PANEL_PART);
    *first = _mm512_add_ps(*first, _mm512_castsi512_ps(_mm512_slli_epi32(pair, 16)));
    *second = _mm512_add_ps(
        *second, _mm512_castsi512_ps(
                     _mm512_and_si512(pair, _mm512_set1_epi32((int)0xffff0000))));
  }
}

// The same results by multiply-adds in place of those that are not finite: parts of what is
// infinite make a NaN. The others have finite operands, and stay what they are in other blocks.
static __attribute__((noinline)) TARGET void sum_unusual(
    int rows, int64_t steps, const float *left, const float *right, float *block) {
  float sums[BLOCK * BLOCK] __attribute__((aligned(64)));
  memset(sums, 0, (size_t)(rows * BLOCK) * sizeof(float));
  for (int64_t step = 0; step < steps; step++, left += PANEL_STEP, right += PANEL_STEP) {
    __m512 values[2 * DEPTH];
    for (int d = 0; d < SIDE; d++)
      for (int across = 0; across < 2; across++)
        numbers(
            right + across * TILE + d * SIDE, &values[2 * d + across],
            &values[2 * (d + SIDE) + across]);
    for (int i = 0; i < rows; i++) {
      float row[DEPTH] __attribute__((aligned(64)));
      __m512 first, second;
      numbers(left + i * SIDE, &first, &second);
      _mm512_store_ps(row, first);
      _mm512_store_ps(row + SIDE, second);
      for (int across = 0; across < 2; across++) {
        float *to = sums + i * BLOCK + across * SIDE;
        __m512 sum = _mm512_load_ps(to);
        for (int d = 0; d < DEPTH; d++)
          sum = _mm512_fmadd_ps(_mm512_set1_ps(row[d]), values[2 * d + across], sum);
        _mm512_store_ps(to, sum);
      }
    }
  }
  for (int i = 0; i < rows * BLOCK; i += SIDE) {
    __m512 found = _mm512_load_ps(block + i);
    __mmask16 is_unusual = _mm512_fpclass_ps_mask(found, 0x99);
    _mm512_store_ps(
        block + i, _mm512_mask_mov_ps(found, is_unusual, _mm512_load_ps(sums + i)));
  }
}

// 0 · x is not 0 for an x that is not finite.
ALWAYS bool is_finite(const float *block, int rows, int across) {
  __m512 zero = _mm512_setzero_ps(), sums[2] = {zero, zero};
  for (int i = 0; i < rows; i++)
    for (int v = 0; v < across; v++)
      sums[v] = _mm512_fmadd_ps(zero, _mm512_load_ps(block + i * BLOCK + v * SIDE), sums[v]);
  __m512 sum = _mm512_add_ps(sums[0], sums[1]);
  return _mm512_cmp_ps_mask(sum, sum, _CMP_UNORD_Q) == 0;
}

ALWAYS void put_row(const bool adds, const float *sums, int64_t width, float *to) {
  for (int v = 0; v < 2; v++, sums += SIDE, to += SIDE, width -= SIDE) {
    __m512 sum = _mm512_load_ps(sums);
    if (adds) sum = _mm512_add_ps(sum, load(to, width));
    if (width >= SIDE)
      _mm512_storeu_ps(to, sum);
    else
      _mm512_mask_storeu_ps(to, lanes(width), sum);
  }
}

ALWAYS void put_block(
    const bool adds, const float *block, int rows, int64_t width, float *to, int64_t stride) {
  if (width >= BLOCK)
    for (int i = 0; i < rows; i++, to += stride) put_row(adds, block + i * BLOCK, BLOCK, to);
  else
    for (int i = 0; i < rows; i++, to += stride) put_row(adds, block + i * BLOCK, width, to);
}

// The results of panel `j` of the right matrix.
ALWAYS void finish(
    const struct strip *s, int64_t j, const float *left, const float *right, float *block) {
  int64_t width = s->columns - j * BLOCK;
  if (__builtin_expect(!is_finite(block, s->rows, width > SIDE ? 2 : 1), 0))
    sum_unusual(s->rows, quotient(s->k, DEPTH), left, right, block);
  float *to = s->result + j * BLOCK;
  if (s->adds)
    put_block(true, block, s->rows, width, to, s->result_stride);
  else
    put_block(false, block, s->rows, width, to, s->result_stride);
}

ALWAYS void fetch_results(const struct strip *s, int64_t j) {
  const float *from = s->result + j * BLOCK;
  for (int i = 0; i < s->rows && s->adds; i++, from += s->result_stride) {
    __builtin_prefetch(from, 1);
    __builtin_prefetch(from + SIDE, 1);
  }
}

// Tiles of 16 rows of 64 bytes.
struct __attribute__((packed)) shapes {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
};

static TARGET void multiply(const struct strip *s, const float *left, float *next) {
  struct shapes shapes = {.palette = 1};
  for (int tile = 0; tile < 8; tile++) shapes.row_bytes[tile] = 4 * SIDE, shapes.rows[tile] = SIDE;
  _tile_loadconfig(&shapes);
  float block[BLOCK * BLOCK] __attribute__((aligned(64)));
  int64_t panels = quotient(s->columns, BLOCK), steps = quotient(s->k, DEPTH);
  int64_t beside = s->rows > SIDE ? 1 : 2;
  struct packing packing;
  begin_packing(&packing, &s->next, quotient(panels, beside) * steps, next);
  for (int64_t j = 0; j < panels; j += beside) {
    const float *right = s->right + j * s->right_panel, *second = right + s->right_panel;
    for (int64_t i = j; i < j + beside && i < panels; i++) fetch_results(s, i);
    int64_t tiles = quotient(s->columns - j * BLOCK, SIDE);
    if (beside == 1 && tiles > 1)
      sum_block(2, steps, left, right, block, &packing);
    else if (beside == 1)
      sum_block(1, steps, left, right, block, &packing);
    else if (tiles > 3)
      sum_row(4, steps, left, right, second, block, &packing);
    else if (tiles > 2)
      sum_row(3, steps, left, right, second, block, &packing);
    else if (tiles > 1)
      sum_row(2, steps, left, right, second, block, &packing);
    else
      sum_row(1, steps, left, right, second, block, &packing);
    finish(s, j, left, right, block);
    if (beside > 1 && tiles > 2) finish(s, j + 1, left, second, block + SIDE * BLOCK);
  }
  pack_some(&packing, packing.left);
  _tile_release();
}

static int64_t packed_depth(int64_t k) { return quotient(k, DEPTH) * DEPTH * PARTS / 2; }

static const struct processor processor_bfloat16 = {
    .rows = BLOCK, .left_size = INNER / DEPTH * PANEL_STEP, .left_stride = SIDE, .columns = BLOCK,
    .inner = INNER, .block = 512,
    .depth = packed_depth, .grain = DEPTH,
    .multiply = multiply, .pack_left = pack_left, .pack_right = pack_right,
};

// Whether the processor has tiles, and the system lets this process use them.
static bool has_tiles(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  bool has_bfloat16 = d >> 22 & 1, has_tile = d >> 24 & 1;
  enum { REQUEST_STATE = 0x1023, TILE_DATA = 18 };
  return has_bfloat16 && has_tile && __builtin_cpu_supports("x86-64-v4") &&
      syscall(SYS_arch_prctl, REQUEST_STATE, TILE_DATA) == 0;
}

static const struct processor *found;
static void find(void) { found = has_tiles() ? &processor_bfloat16 : NULL; }

const struct processor *matmul_bfloat16(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, find);
  return found;
}
#else
const struct processor *matmul_bfloat16(void) { return NULL; }
#endif

enum {
  // Cutting numbers pays for more multiplications than so many, sums of so many, and where each
  // number is multiplied by so many (half of the harmonic mean of rows and columns).
  LONG = 1 << 24,
  DEEP = 64,
  WIDE = 56,
};

const struct processor *matmul_bfloat16_for(int64_t rows, int64_t columns, int64_t inner) {
  bool pays = rows * columns * inner > LONG && inner >= DEEP &&
      rows * columns >= WIDE * (rows + columns);
  return pays ? matmul_bfloat16() : NULL;
}
