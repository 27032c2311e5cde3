#include "reduction.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "clones.h"
#include "scratch.h"
#include "threads.h"

// What is done on one scalar type. A state is what is kept while reducing, `state_size` bytes an
// element, and where it was found.
struct loops {
  // Takes `n` elements into one state.
  void (*span)(const void *input, int64_t n, void *state);
  // Takes `rows` rows of `width` elements into `width` states.
  void (*columns)(
      const void *input, int64_t rows, int64_t stride, int64_t width, void *state, int32_t *where,
      int64_t first);
  // Takes `n` states into as many.
  void (*merge)(const void *input, const int32_t *from, int64_t n, void *state, int32_t *where);
  void (*begin)(int64_t n, void *state);
  // The results of rows of `n` elements that one after the other serves best.
  void (*short_rows)(const void *input, int64_t rows, int64_t n, void *result);
  void (*store)(const void *state, int64_t n, void *result);
  int64_t (*where)(const void *input, int64_t n, void *state);
  int state_size;
};

#define T float
#define SUM double
#define MASK int32_t
#define LOWEST -INFINITY
#define HIGHEST INFINITY
#define IS_FLOATING 1
#define NAME(x) x##_float32
#include "reduction_type.h"

#define T double
#define SUM double
#define MASK int64_t
#define LOWEST -INFINITY
#define HIGHEST INFINITY
#define IS_FLOATING 1
#define NAME(x) x##_float64
#include "reduction_type.h"

// Unsigned sums wrap around, which signed ones must not.
#define T int32_t
#define SUM uint32_t
#define MASK int32_t
#define LOWEST INT32_MIN
#define HIGHEST INT32_MAX
#define IS_FLOATING 0
#define NAME(x) x##_int32
#include "reduction_type.h"

#define T int64_t
#define SUM uint64_t
#define MASK int64_t
#define LOWEST INT64_MIN
#define HIGHEST INT64_MAX
#define IS_FLOATING 0
#define NAME(x) x##_int64
#include "reduction_type.h"

#define T uint8_t
#define SUM uint32_t
#define MASK int8_t
#define LOWEST 0
#define HIGHEST 255
#define IS_FLOATING 0
#define NAME(x) x##_uint8
#include "reduction_type.h"

static const struct loops *const loops_of[] = {
    loops_float32, loops_float64, loops_int32, loops_int64, loops_uint8,
};
static const int size_of[] = {4, 8, 4, 8, 1};

enum {
  // Elements that one chunk reduces at least, if there are as many.
  CHUNK = 1 << 17,
  // Columns side by side in a chunk.
  WIDTH = 1024,
  // Elements computed at a time where the input is not in memory.
  TILE = 4096,
  // The longest row that is not worth vectors.
  SHORT = 24,
  // Below so many elements other threads are not worth waking.
  ALONE = 1 << 14,
};

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t maximum(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }

// How a reduction is cut. Columns of short rows are reduced `group` rows side by side, as if
// those were one row.
struct plan {
  const reduction_shape *shape;
  const reduction_call *call;
  const struct loops *loops;
  int element_size;
  bool finds;
  int64_t group;
  // Along the reduced axis: how long a segment is, and how many there are.
  int64_t segment, segments;
  // What one chunk takes: outer indices, or columns.
  int64_t outers, width, blocks;
  // States, segment by segment, and where they were found.
  char *states;
  int32_t *where;
};

static struct plan make_plan(const reduction_shape *shape) {
  struct plan plan = {
      .shape = shape, .loops = &loops_of[shape->type][shape->kind],
      .element_size = size_of[shape->type], .finds = shape->kind >= reduction_where_maximum,
      .group = 1, .segment = maximum(shape->count, 1), .segments = 1, .outers = 1,
      .width = minimum(shape->inner, WIDTH), .blocks = quotient(shape->inner, WIDTH),
  };
  if (shape->inner > 1 && shape->inner <= 128 && !plan.finds)
    plan.group = maximum(1, minimum(256 / shape->inner, shape->count / 4));
  if (shape->count * plan.width > 2 * CHUNK) {
    plan.segment = quotient(CHUNK, plan.width);
    plan.segment = quotient(plan.segment, 4 * plan.group) * 4 * plan.group;
    plan.segments = quotient(shape->count, plan.segment);
  } else if (plan.blocks == 1) {
    plan.outers = quotient(CHUNK, maximum(1, shape->count * shape->inner));
  }
  return plan;
}

static int64_t state_bytes(const struct plan *plan) {
  int64_t states = plan->segments * plan->shape->outer * plan->shape->inner;
  return quotient(states * plan->loops->state_size, 64) * 64;
}

int64_t reduction_workspace(const reduction_shape *shape) {
  struct plan plan = make_plan(shape);
  if (plan.segments == 1) return 0;
  return state_bytes(&plan) +
         (plan.finds ? plan.segments * shape->outer * shape->inner * (int64_t)sizeof(int32_t) : 0);
}

// The elements from `start` until `end`, in memory or computed.
static const void *elements(const struct plan *plan, int64_t start, int64_t end, void *tile) {
  if (!tile) return (const char *)plan->call->input + start * plan->element_size;
  plan->call->evaluate(plan->call->context, start, end, tile);
  return tile;
}

static void *tile_for(const struct plan *plan) {
  return plan->call->input ? NULL : scratch(scratch_tile, 4 * TILE * plan->element_size);
}

// The last axis

static void reduce_span(
    const struct plan *plan, const void *from, int64_t first, int64_t n, void *state,
    int32_t *where) {
  const struct loops *loops = plan->loops;
  if (!plan->finds) {
    loops->span(from, n, state);
  } else {
    int64_t found_value;
    int32_t found = (int32_t)(first + loops->where(from, n, &found_value));
    loops->merge(&found_value, &found, 1, state, where);
  }
}

static void reduce_rows(const struct plan *plan, int64_t row, int64_t rows, void *tile) {
  int64_t count = plan->shape->count;
  const char *from = elements(plan, row * count, (row + rows) * count, tile);
  if (count > 0 && count <= SHORT) {
    int64_t size = plan->finds ? (int64_t)sizeof(int32_t) : plan->element_size;
    plan->loops->short_rows(from, rows, count, (char *)plan->call->result + row * size);
    return;
  }
  for (int64_t i = 0; i < rows; i++, from += count * plan->element_size) {
    int64_t state;
    int32_t where = -1;
    plan->loops->begin(1, &state);
    if (count > 0) reduce_span(plan, from, 0, count, &state, &where);
    if (plan->finds)
      ((int32_t *)plan->call->result)[row + i] = where;
    else
      plan->loops->store(&state, 1, (char *)plan->call->result + (row + i) * plan->element_size);
  }
}

static void reduce_segment(
    const struct plan *plan, int64_t row, int64_t first, int64_t n, void *tile, void *state,
    int32_t *where) {
  plan->loops->begin(1, state);
  if (where) *where = -1;
  int64_t step = tile ? TILE : n;
  for (int64_t i = first; i < first + n; i += step) {
    int64_t length = minimum(step, first + n - i);
    int64_t start = row * plan->shape->count + i;
    reduce_span(plan, elements(plan, start, start + length, tile), i, length, state, where);
  }
}

static void span_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const reduction_shape *shape = plan->shape;
  void *tile = tile_for(plan);
  if (plan->segments > 1) {
    int64_t first = chunk % plan->segments * plan->segment;
    int64_t at = chunk % plan->segments * shape->outer + chunk / plan->segments;
    reduce_segment(
        plan, chunk / plan->segments, first, minimum(plan->segment, shape->count - first), tile,
        plan->states + at * plan->loops->state_size, plan->finds ? plan->where + at : NULL);
    return;
  }
  int64_t row = chunk * plan->outers;
  int64_t end = minimum(row + plan->outers, shape->outer);
  if (tile && shape->count > TILE) {
    for (; row < end; row++) {
      int64_t state;
      int32_t where;
      reduce_segment(plan, row, 0, shape->count, tile, &state, &where);
      if (plan->finds)
        ((int32_t *)plan->call->result)[row] = where;
      else
        plan->loops->store(&state, 1, (char *)plan->call->result + row * plan->element_size);
    }
    return;
  }
  int64_t step = tile ? maximum(1, TILE / maximum(1, shape->count)) : end - row;
  for (; row < end; row += step) reduce_rows(plan, row, minimum(step, end - row), tile);
}

// Other axes

// The states of `width` columns from `column` on, after `n` rows from `first` on.
static void reduce_columns(
    const struct plan *plan, int64_t outer, int64_t first, int64_t n, int64_t column,
    int64_t width, void *tile, char *state, int32_t *where) {
  const struct loops *loops = plan->loops;
  int64_t inner = plan->shape->inner;
  int64_t start = (outer * plan->shape->count + first) * inner + column;
  if (plan->finds)
    for (int64_t j = 0; j < width; j++) where[j] = -1;
  loops->begin(width, state);
  if (plan->group > 1) {
    // All columns are here, so that neighbouring rows are neighbours in memory.
    int64_t group = plan->group, wide = group * inner;
    int64_t grouped = n / group;
    char *sides = scratch(scratch_left, wide * loops->state_size);
    loops->begin(wide, sides);
    int64_t step = tile ? maximum(4, TILE / wide / 4 * 4) : grouped;
    for (int64_t r = 0; r < grouped; r += step) {
      int64_t rows = minimum(step, grouped - r);
      int64_t from = start + r * wide;
      loops->columns(
          elements(plan, from, from + rows * wide, tile), rows, wide, wide, sides, NULL, 0);
    }
    for (int64_t g = 0; g < group; g++)
      loops->merge(sides + g * inner * loops->state_size, NULL, inner, state, NULL);
    first += grouped * group;
    n -= grouped * group;
    start += grouped * wide;
  }
  if (!tile || width == inner) {
    int64_t step = tile ? maximum(1, TILE / inner) : n;
    for (int64_t r = 0; r < n; r += step) {
      int64_t rows = minimum(step, n - r);
      int64_t from = start + r * inner;
      loops->columns(
          elements(plan, from, from + rows * inner, tile), rows, inner, width, state, where,
          first + r);
    }
    return;
  }
  for (int64_t r = 0; r < n; r += 4) {
    int64_t rows = minimum(4, n - r);
    for (int64_t i = 0; i < rows; i++) {
      int64_t from = start + (r + i) * inner;
      elements(plan, from, from + width, (char *)tile + i * width * plan->element_size);
    }
    loops->columns(tile, rows, width, width, state, where, first + r);
  }
}

static void store_columns(
    const struct plan *plan, int64_t at, int64_t n, const void *state, const int32_t *where) {
  if (plan->finds)
    memcpy((int32_t *)plan->call->result + at, where, (size_t)n * sizeof *where);
  else
    plan->loops->store(state, n, (char *)plan->call->result + at * plan->element_size);
}

static void column_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const reduction_shape *shape = plan->shape;
  void *tile = tile_for(plan);
  int64_t segment = chunk % plan->segments;
  int64_t block = chunk / plan->segments % plan->blocks;
  int64_t first_outer = chunk / plan->segments / plan->blocks * plan->outers;
  int64_t column = block * WIDTH;
  int64_t width = minimum(WIDTH, shape->inner - column);
  int64_t first = segment * plan->segment;
  int64_t n = minimum(plan->segment, shape->count - first);
  if (plan->segments > 1) {
    int64_t at = (segment * shape->outer + first_outer) * shape->inner + column;
    reduce_columns(
        plan, first_outer, first, n, column, width, tile,
        plan->states + at * plan->loops->state_size, plan->finds ? plan->where + at : NULL);
    return;
  }
  _Alignas(64) char state[WIDTH * sizeof(int64_t)];
  int32_t where[WIDTH];
  int64_t end = minimum(first_outer + plan->outers, shape->outer);
  for (int64_t outer = first_outer; outer < end; outer++) {
    reduce_columns(plan, outer, first, n, column, width, tile, state, where);
    store_columns(plan, outer * shape->inner + column, width, state, where);
  }
}

// Brings the segments' states together, in their order.
static void merge_segments(const struct plan *plan) {
  int64_t n = plan->shape->outer * plan->shape->inner;
  for (int64_t segment = 1; segment < plan->segments; segment++)
    plan->loops->merge(
        plan->states + segment * n * plan->loops->state_size,
        plan->finds ? plan->where + segment * n : NULL, n, plan->states, plan->where);
  store_columns(plan, 0, n, plan->states, plan->where);
}

void reduction_run(const reduction_shape *shape, const reduction_call *call) {
  if (shape->outer == 0 || shape->inner == 0) return;
  struct plan plan = make_plan(shape);
  plan.call = call;
  plan.states = call->workspace;
  if (plan.finds && plan.segments > 1)
    plan.where = (int32_t *)((char *)call->workspace + state_bytes(&plan));
  void (*body)(void *, int64_t, int) = shape->inner == 1 ? span_chunk : column_chunk;
  int64_t chunks = plan.segments * plan.blocks * quotient(shape->outer, plan.outers);
  if (shape->outer * shape->count * shape->inner > ALONE)
    threads_run(chunks, body, &plan);
  else
    for (int64_t chunk = 0; chunk < chunks; chunk++) body(&plan, chunk, 0);
  if (plan.segments > 1) merge_segments(&plan);
}
