#include "scan.h"

#include <stddef.h>

#include "clones.h"
#include "threads.h"

enum {
  // Elements that one chunk takes at least, if there are as many.
  CHUNK = 1 << 16,
  // Columns side by side in a chunk.
  WIDTH = 256,
  // Below so many elements other threads are not worth waking.
  ALONE = 1 << 14,
};

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Runs along `n` rows of `width` elements, `stride` apart, from what `state` holds on; stores no
// results if `result` is NULL.
typedef void (*loop)(
    const void *input, void *result, int64_t n, int64_t stride, int64_t width, bool is_exclusive,
    void *state);

#define LOOP(name, T, STATE, operation) \
  CLONES static void name( \
      const void *input, void *result, int64_t n, int64_t stride, int64_t width, \
      bool is_exclusive, void *state) { \
    const T *restrict x = input; \
    T *restrict y = result; \
    STATE *restrict total = state; \
    if (width == 1) { \
      STATE sum = *total; \
      for (int64_t i = 0; i < n; i++) { \
        STATE next = sum operation(STATE) x[i * stride]; \
        if (y) y[i * stride] = (T)(is_exclusive ? sum : next); \
        sum = next; \
      } \
      *total = sum; \
      return; \
    } \
    for (int64_t i = 0; i < n; i++, x += stride) { \
      if (!y) { \
        for (int64_t j = 0; j < width; j++) total[j] = total[j] operation(STATE) x[j]; \
        continue; \
      } \
      if (is_exclusive) \
        for (int64_t j = 0; j < width; j++) y[j] = (T)total[j]; \
      for (int64_t j = 0; j < width; j++) total[j] = total[j] operation(STATE) x[j]; \
      if (!is_exclusive) \
        for (int64_t j = 0; j < width; j++) y[j] = (T)total[j]; \
      y += stride; \
    } \
  }

LOOP(sum_float32, float, double, +)
LOOP(product_float32, float, double, *)
LOOP(sum_float64, double, double, +)
LOOP(product_float64, double, double, *)
// Unsigned numbers wrap around, which signed ones must not.
LOOP(sum_int, uint32_t, uint64_t, +)
LOOP(product_int, uint32_t, uint64_t, *)
LOOP(sum_int64, uint64_t, uint64_t, +)
LOOP(product_int64, uint64_t, uint64_t, *)
LOOP(sum_uint8, uint8_t, uint64_t, +)
LOOP(product_uint8, uint8_t, uint64_t, *)

static const loop loops[][2] = {
    {sum_float32, product_float32}, {sum_float64, product_float64}, {sum_int, product_int},
    {sum_int64, product_int64},     {sum_uint8, product_uint8},
};
static const int sizes[] = {4, 8, 4, 8, 1};

// A state is a double or a uint64_t.
typedef union {
  double number;
  uint64_t bits;
} state;

typedef struct {
  const scan_shape *shape;
  const char *input;
  char *result;
  loop run;
  int64_t size, blocks, segment, segments;
  // Outer indices in a chunk, if there is one segment.
  int64_t outers;
  // What each segment starts from, segment by segment.
  state *states;
} plan;

static plan make_plan(const scan_shape *shape) {
  plan p = {
      .shape = shape, .run = loops[shape->type][shape->is_product], .size = sizes[shape->type],
      .blocks = quotient(shape->inner, WIDTH), .segment = shape->count, .segments = 1,
      .outers = 1};
  int64_t width = minimum(shape->inner, WIDTH);
  if (shape->outer * p.blocks < 16 && shape->count * width > 2 * CHUNK) {
    p.segment = quotient(CHUNK, width);
    p.segments = quotient(shape->count, p.segment);
  } else if (p.blocks == 1) {
    p.outers = quotient(CHUNK, shape->count * shape->inner);
  }
  return p;
}

int64_t scan_workspace(const scan_shape *shape) {
  if (shape->outer * shape->count * shape->inner == 0) return 0;
  plan p = make_plan(shape);
  return p.segments == 1 ? 0 : p.segments * shape->outer * shape->inner * (int64_t)sizeof(state);
}

static state neutral(const plan *p) {
  if (p->shape->type <= scan_float64) return (state){.number = p->shape->is_product};
  return (state){.bits = p->shape->is_product};
}

static void run_part(
    const plan *p, int64_t outer, int64_t segment, int64_t column, bool stores, state *states) {
  const scan_shape *shape = p->shape;
  int64_t first = segment * p->segment;
  int64_t n = minimum(p->segment, shape->count - first);
  int64_t stride = shape->inner;
  if (shape->is_reversed) {
    first = shape->count - 1 - first;
    stride = -stride;
  }
  int64_t at = ((outer * shape->count + first) * shape->inner + column) * p->size;
  p->run(
      p->input + at, stores ? p->result + at : NULL, n, stride,
      minimum(WIDTH, shape->inner - column), shape->is_exclusive, states);
}

static state *states_of(const plan *p, int64_t segment, int64_t outer) {
  return p->states + (segment * p->shape->outer + outer) * p->shape->inner;
}

// The total of a segment becomes what the next one starts from.
static void total_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const plan *p = context;
  int64_t segment = chunk % (p->segments - 1);
  int64_t column = chunk / (p->segments - 1) % p->blocks * WIDTH;
  int64_t outer = chunk / (p->segments - 1) / p->blocks;
  state *states = states_of(p, segment + 1, outer) + column;
  for (int64_t j = 0; j < minimum(WIDTH, p->shape->inner - column); j++) states[j] = neutral(p);
  run_part(p, outer, segment, column, false, states);
}

static void scan_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const plan *p = context;
  int64_t segment = chunk % p->segments;
  int64_t column = chunk / p->segments % p->blocks * WIDTH;
  int64_t outer = chunk / p->segments / p->blocks * p->outers;
  if (p->segments > 1) {
    run_part(p, outer, segment, column, true, states_of(p, segment, outer) + column);
    return;
  }
  for (int64_t end = minimum(outer + p->outers, p->shape->outer); outer < end; outer++) {
    state states[WIDTH];
    for (int64_t j = 0; j < minimum(WIDTH, p->shape->inner - column); j++)
      states[j] = neutral(p);
    run_part(p, outer, 0, column, true, states);
  }
}

static void accumulate_totals(const plan *p) {
  int64_t n = p->shape->outer * p->shape->inner;
  for (int64_t j = 0; j < n; j++) p->states[j] = neutral(p);
  for (int64_t segment = 1; segment < p->segments; segment++) {
    state *states = p->states + segment * n, *before = states - n;
    for (int64_t j = 0; j < n; j++) {
      if (p->shape->type <= scan_float64)
        states[j].number = p->shape->is_product ? before[j].number * states[j].number
                                                : before[j].number + states[j].number;
      else
        states[j].bits = p->shape->is_product ? before[j].bits * states[j].bits
                                              : before[j].bits + states[j].bits;
    }
  }
}

void scan_run(const scan_shape *shape, const void *input, void *result, void *workspace) {
  int64_t count = shape->outer * shape->count * shape->inner;
  if (count == 0) return;
  plan p = make_plan(shape);
  p.input = input;
  p.result = result;
  p.states = workspace;
  if (p.segments > 1) {
    threads_run((p.segments - 1) * p.blocks * shape->outer, total_chunk, &p);
    accumulate_totals(&p);
  }
  int64_t chunks = p.segments * p.blocks * quotient(shape->outer, p.outers);
  if (count > ALONE)
    threads_run(chunks, scan_chunk, &p);
  else
    for (int64_t chunk = 0; chunk < chunks; chunk++) scan_chunk(&p, chunk, 0);
}
