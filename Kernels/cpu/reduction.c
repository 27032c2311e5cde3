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
  // Elements that are at hand at a time: read or computed once for all kinds.
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
  const struct loops *loops[reduction_most_kinds];
  int kinds, element_size;
  bool finds;
  int64_t group;
  // Along the reduced axis: how long a segment is, and how many there are.
  int64_t segment, segments;
  // What one chunk takes: outer indices, or columns.
  int64_t outers, width, blocks;
  // The states of each kind, segment by segment, and where they were found.
  char *states[reduction_most_kinds];
  int32_t *where;
};

void reduction_add(reduction_shape *shape, reduction_kind kind) {
  shape->kinds[shape->kind_count++] = kind;
}

static struct plan make_plan(const reduction_shape *shape) {
  struct plan plan = {
      .shape = shape, .kinds = shape->kind_count, .element_size = size_of[shape->type],
      .finds = shape->kinds[0] >= reduction_where_maximum, .group = 1,
      .segment = maximum(shape->count, 1), .segments = 1, .outers = 1,
      .width = minimum(shape->inner, WIDTH), .blocks = quotient(shape->inner, WIDTH),
  };
  for (int k = 0; k < plan.kinds; k++) plan.loops[k] = &loops_of[shape->type][shape->kinds[k]];
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

static int64_t state_count(const struct plan *plan) {
  return plan->segments * plan->shape->outer * plan->shape->inner;
}

static int64_t state_bytes(const struct plan *plan, int kind) {
  return quotient(state_count(plan) * plan->loops[kind]->state_size, 64) * 64;
}

int64_t reduction_workspace(const reduction_shape *shape) {
  struct plan plan = make_plan(shape);
  if (plan.segments == 1) return 0;
  int64_t bytes = plan.finds ? state_count(&plan) * (int64_t)sizeof(int32_t) : 0;
  for (int k = 0; k < plan.kinds; k++) bytes += state_bytes(&plan, k);
  return bytes;
}

// The elements from `start` until `end`, in memory or computed.
static const void *elements(const struct plan *plan, int64_t start, int64_t end, void *tile) {
  if (!tile) return (const char *)plan->call->input + start * plan->element_size;
  plan->call->evaluate(plan->call->context, start, end, tile);
  return tile;
}

static void *tile_for(const struct plan *plan) {
  return plan->call->input ? NULL : scratch(scratch_tile, TILE * plan->element_size);
}

static char *result_of(const struct plan *plan, int kind, int64_t index) {
  int64_t size = plan->finds ? (int64_t)sizeof(int32_t) : plan->element_size;
  return (char *)plan->call->results[kind] + index * size;
}

static void store(
    const struct plan *plan, int kind, int64_t at, int64_t n, const void *state, int32_t *where) {
  if (plan->finds)
    memcpy(result_of(plan, kind, at), where, (size_t)n * sizeof *where);
  else
    plan->loops[kind]->store(state, n, result_of(plan, kind, at));
}

// The last axis

static void reduce_span(
    const struct plan *plan, int kind, const void *from, int64_t first, int64_t n, void *state,
    int32_t *where) {
  const struct loops *loops = plan->loops[kind];
  if (!plan->finds) {
    loops->span(from, n, state);
  } else {
    int64_t found_value;
    int32_t found = (int32_t)(first + loops->where(from, n, &found_value));
    loops->merge(&found_value, &found, 1, state, where);
  }
}

// Rows that are at hand together.
static void reduce_rows(const struct plan *plan, int64_t row, int64_t rows, void *tile) {
  int64_t count = plan->shape->count;
  const char *rows_from = elements(plan, row * count, (row + rows) * count, tile);
  for (int k = 0; k < plan->kinds; k++) {
    const char *from = rows_from;
    if (count > 0 && count <= SHORT) {
      plan->loops[k]->short_rows(from, rows, count, result_of(plan, k, row));
      continue;
    }
    for (int64_t i = 0; i < rows; i++, from += count * plan->element_size) {
      int64_t state;
      int32_t where = -1;
      plan->loops[k]->begin(1, &state);
      if (count > 0) reduce_span(plan, k, from, 0, count, &state, &where);
      store(plan, k, row + i, 1, &state, &where);
    }
  }
}

static void reduce_segment(
    const struct plan *plan, int64_t row, int64_t first, int64_t n, void *tile,
    char *const *states, int32_t *where) {
  for (int k = 0; k < plan->kinds; k++) plan->loops[k]->begin(1, states[k]);
  if (where) *where = -1;
  int64_t length;
  for (int64_t i = first; i < first + n; i += length) {
    length = minimum(TILE, first + n - i);
    int64_t start = row * plan->shape->count + i;
    const void *from = elements(plan, start, start + length, tile);
    for (int k = 0; k < plan->kinds; k++) reduce_span(plan, k, from, i, length, states[k], where);
  }
}

static void span_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const reduction_shape *shape = plan->shape;
  void *tile = tile_for(plan);
  char *states[reduction_most_kinds];
  if (plan->segments > 1) {
    int64_t first = chunk % plan->segments * plan->segment;
    int64_t at = chunk % plan->segments * shape->outer + chunk / plan->segments;
    for (int k = 0; k < plan->kinds; k++)
      states[k] = plan->states[k] + at * plan->loops[k]->state_size;
    reduce_segment(
        plan, chunk / plan->segments, first, minimum(plan->segment, shape->count - first), tile,
        states, plan->finds ? plan->where + at : NULL);
    return;
  }
  int64_t row = chunk * plan->outers;
  int64_t end = minimum(row + plan->outers, shape->outer);
  if (shape->count > TILE) {
    int64_t state[reduction_most_kinds];
    int32_t where;
    for (int k = 0; k < plan->kinds; k++) states[k] = (char *)&state[k];
    for (; row < end; row++) {
      reduce_segment(plan, row, 0, shape->count, tile, states, &where);
      for (int k = 0; k < plan->kinds; k++) store(plan, k, row, 1, states[k], &where);
    }
    return;
  }
  int64_t step = maximum(1, TILE / maximum(1, shape->count));
  for (; row < end; row += step) reduce_rows(plan, row, minimum(step, end - row), tile);
}

// Other axes

// Takes rows that are at hand together into the states of their columns.
static void take_columns(
    const struct plan *plan, const void *from, int64_t rows, int64_t stride, int64_t width,
    char *const *states, int32_t *where, int64_t first) {
  for (int k = 0; k < plan->kinds; k++)
    plan->loops[k]->columns(from, rows, stride, width, states[k], where, first);
}

// `group` rows side by side as if they were one row, as far as there are as many. All columns are
// here, so that neighbouring rows are neighbours in memory. Returns how many rows it took.
static int64_t reduce_groups(
    const struct plan *plan, int64_t start, int64_t n, void *tile, char *const *states) {
  int64_t inner = plan->shape->inner, wide = plan->group * inner;
  int64_t grouped = n / plan->group;
  char *sides[reduction_most_kinds];
  sides[0] = scratch(scratch_left, plan->kinds * wide * (int64_t)sizeof(int64_t));
  for (int k = 0; k < plan->kinds; k++) {
    sides[k] = sides[0] + k * wide * (int64_t)sizeof(int64_t);
    plan->loops[k]->begin(wide, sides[k]);
  }
  int64_t step = maximum(4, TILE / wide / 4 * 4);
  for (int64_t r = 0; r < grouped; r += step) {
    int64_t rows = minimum(step, grouped - r);
    int64_t from = start + r * wide;
    take_columns(
        plan, elements(plan, from, from + rows * wide, tile), rows, wide, wide, sides, NULL, 0);
  }
  for (int k = 0; k < plan->kinds; k++)
    for (int64_t g = 0; g < plan->group; g++)
      plan->loops[k]->merge(
          sides[k] + g * inner * plan->loops[k]->state_size, NULL, inner, states[k], NULL);
  return grouped * plan->group;
}

// The states of `width` columns from `column` on, after `n` rows from `first` on.
static void reduce_columns(
    const struct plan *plan, int64_t outer, int64_t first, int64_t n, int64_t column,
    int64_t width, void *tile, char *const *states, int32_t *where) {
  int64_t inner = plan->shape->inner;
  int64_t start = (outer * plan->shape->count + first) * inner + column;
  if (plan->finds)
    for (int64_t j = 0; j < width; j++) where[j] = -1;
  for (int k = 0; k < plan->kinds; k++) plan->loops[k]->begin(width, states[k]);
  if (plan->group > 1) {
    int64_t taken = reduce_groups(plan, start, n, tile, states);
    first += taken;
    n -= taken;
    start += taken * inner;
  }
  if (!tile || width == inner) {
    int64_t step = maximum(4, TILE / width / 4 * 4);
    for (int64_t r = 0; r < n; r += step) {
      int64_t rows = minimum(step, n - r);
      int64_t from = start + r * inner;
      take_columns(
          plan, elements(plan, from, from + rows * inner, tile), rows, inner, width, states, where,
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
    take_columns(plan, tile, rows, width, width, states, where, first + r);
  }
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
  char *states[reduction_most_kinds];
  if (plan->segments > 1) {
    int64_t at = (segment * shape->outer + first_outer) * shape->inner + column;
    for (int k = 0; k < plan->kinds; k++)
      states[k] = plan->states[k] + at * plan->loops[k]->state_size;
    reduce_columns(
        plan, first_outer, first, n, column, width, tile, states,
        plan->finds ? plan->where + at : NULL);
    return;
  }
  _Alignas(64) char state[reduction_most_kinds][WIDTH * sizeof(int64_t)];
  int32_t where[WIDTH];
  for (int k = 0; k < plan->kinds; k++) states[k] = state[k];
  int64_t end = minimum(first_outer + plan->outers, shape->outer);
  for (int64_t outer = first_outer; outer < end; outer++) {
    reduce_columns(plan, outer, first, n, column, width, tile, states, where);
    for (int k = 0; k < plan->kinds; k++)
      store(plan, k, outer * shape->inner + column, width, states[k], where);
  }
}

// Brings the segments' states together, in their order.
static void merge_segments(const struct plan *plan) {
  int64_t n = plan->shape->outer * plan->shape->inner;
  for (int k = 0; k < plan->kinds; k++) {
    const struct loops *loops = plan->loops[k];
    char *states = plan->states[k];
    for (int64_t segment = 1; segment < plan->segments; segment++)
      loops->merge(
          states + segment * n * loops->state_size,
          plan->finds ? plan->where + segment * n : NULL, n, states, plan->where);
    store(plan, k, 0, n, states, plan->where);
  }
}

void reduction_run(const reduction_shape *shape, const reduction_call *call) {
  if (shape->outer == 0 || shape->inner == 0) return;
  struct plan plan = make_plan(shape);
  plan.call = call;
  char *next = call->workspace;
  for (int k = 0; k < plan.kinds && plan.segments > 1; k++) {
    plan.states[k] = next;
    next += state_bytes(&plan, k);
  }
  if (plan.finds && plan.segments > 1) plan.where = (int32_t *)next;
  void (*body)(void *, int64_t, int) = shape->inner == 1 ? span_chunk : column_chunk;
  int64_t chunks = plan.segments * plan.blocks * quotient(shape->outer, plan.outers);
  if (shape->outer * shape->count * shape->inner > ALONE)
    threads_run(chunks, body, &plan);
  else
    for (int64_t chunk = 0; chunk < chunks; chunk++) body(&plan, chunk, 0);
  if (plan.segments > 1) merge_segments(&plan);
}
