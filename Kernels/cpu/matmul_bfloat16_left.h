// How panels of the left matrix are packed: for matmul_bfloat16.c.

#include "matmul_bfloat16_pack.h"
#include "matmul_processor.h"

// A panel of a left matrix, [step][part][2 tiles] like those of the right one, as far as it is
// packed. It is while another panel is multiplied, `each` rows of three tiles at a time: what waits
// for tiles leaves the processor time for it.
struct packing {
  // Rows of tiles that are to be packed.
  int64_t left, each;
  bool turns;
  // Of the matrix where rows begin, and of each part of a row the numbers and the steps; or where
  // columns begin, as many as steps have.
  const float *const *starts;
  int64_t stride, offset, segments, length, steps;
  int rows;
  // How far it has come.
  int64_t row, segment, step;
  // What comes next, and what will after that, further down.
  const float *from, *ahead;
  float *to, *tile;
  const float *table[INNER];
  // DEPTH numbers of SIDE rows.
  float turned[SIDE * DEPTH] __attribute__((aligned(64)));
};

static TARGET void begin_segment(struct packing *p) {
  int64_t below = p->row + 1 < p->rows ? p->row + 1 : p->row;
  p->from = p->starts[p->row * p->stride + p->segment] + p->offset;
  p->ahead = p->starts[below * p->stride + p->segment] + p->offset;
}

static TARGET void begin_rows(struct packing *p, const struct left *l) {
  p->starts = l->starts, p->stride = l->stride, p->offset = l->offset, p->segments = l->segments;
  if (!l->starts) {
    for (int i = 0; i < l->rows; i++) p->table[i] = l->from + i * l->stride;
    p->starts = p->table, p->stride = p->segments = 1;
  }
  p->length = l->k / p->segments;
  p->steps = quotient(p->length, DEPTH);
  p->left = l->rows * p->segments * p->steps;
  begin_segment(p);
}

static TARGET void begin_columns(struct packing *p, const struct left *l) {
  static const float zeros[BLOCK];
  p->starts = p->table;
  p->steps = quotient(l->k, DEPTH);
  p->left = p->steps * DEPTH / 2 * quotient(l->rows, SIDE);
  for (int64_t i = 0; i < p->steps * DEPTH; i++)
    p->table[i] = i >= l->k   ? zeros
        : l->starts ? l->starts[i] + l->offset
                    : l->from + i * l->stride;
}

// Nothing is left of a panel without rows.
ALWAYS void begin_packing(
    struct packing *p, const struct left *l, int64_t chances, float *to) {
  p->left = p->each = p->row = p->segment = p->step = p->offset = 0;
  p->turns = false;
  if (l->rows == 0) return;
  p->rows = l->rows, p->turns = !l->across, p->to = p->tile = to;
  if (p->turns)
    begin_columns(p, l);
  else
    begin_rows(p, l);
  p->each = quotient(p->left, chances);
}

// From a matrix stored by rows.
ALWAYS void pack_rows(struct packing *p, int64_t count) {
  for (; count > 0; count--, p->tile += PANEL_STEP) {
    int64_t there = p->length - p->step * DEPTH;
    put_pairs(load(p->from, there), load(p->from + SIDE, there - SIDE), p->tile);
    __builtin_prefetch(p->ahead);
    __builtin_prefetch(p->ahead + SIDE);
    p->from += DEPTH, p->ahead += DEPTH;
    if (++p->step < p->steps) continue;
    p->step = 0;
    if (++p->segment == p->segments) {
      p->segment = 0;
      p->to += SIDE;
      p->tile = p->to - PANEL_STEP;
      if (++p->row == p->rows) return;
    }
    begin_segment(p);
  }
}

// SIDE rows of SIDE columns, of which `side` rows are there.
ALWAYS void turn(const float *const *columns, int64_t first, int64_t side, float *to) {
  __m512 x[SIDE];
#pragma unroll
  for (int i = 0; i < SIDE; i++) x[i] = load(columns[i] + first, side);
  transpose(x);
#pragma unroll
  for (int i = 0; i < SIDE; i++) _mm512_store_ps(to + i * DEPTH, x[i]);
}

// From a matrix stored by columns: `segment` counts SIDE rows, `row` is among them.
static __attribute__((noinline)) TARGET void pack_columns(struct packing *p, int64_t count) {
  for (; count > 0; count--) {
    const float *const *columns = p->starts + p->step * DEPTH;
    int64_t first = p->segment * SIDE;
    if (p->row == 0) {
      turn(columns, first, p->rows - first, p->turned);
      turn(columns + SIDE, first, p->rows - first, p->turned + SIDE);
    }
    const float *pairs = p->turned + p->row * DEPTH;
    put_pairs(
        _mm512_load_ps(pairs), _mm512_load_ps(pairs + SIDE),
        p->to + p->step * PANEL_STEP + (first + p->row) * SIDE);
    if (first + SIDE < p->rows) {
      __builtin_prefetch(columns[p->row] + first + SIDE);
      __builtin_prefetch(columns[p->row + SIDE] + first + SIDE);
    } else if (p->step + 1 < p->steps) {
      __builtin_prefetch(columns[p->row + DEPTH]);
      __builtin_prefetch(columns[p->row + DEPTH + SIDE]);
    }
    if (++p->row < SIDE) continue;
    p->row = 0;
    if (first + SIDE < p->rows) {
      p->segment++;
    } else {
      p->segment = 0;
      p->step++;
    }
  }
}

ALWAYS void pack_some(struct packing *p, int64_t count) {
  if (count > p->left) count = p->left;
  p->left -= count;
  if (p->turns)
    pack_columns(p, count);
  else
    pack_rows(p, count);
}

static TARGET void pack_left(const struct left *l, float *to) {
  struct packing packing;
  begin_packing(&packing, l, 1, to);
  pack_some(&packing, packing.left);
}
