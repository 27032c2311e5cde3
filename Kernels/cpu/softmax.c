#include "softmax.h"

#include <stddef.h>

#include "../common/elementary.h"
#include "clones.h"
#include "threads.h"

enum {
  // Elements that one chunk takes at least, if there are as many.
  CHUNK = 1 << 15,
  // Columns side by side.
  WIDTH = 64,
  // Rows up to this length are turned over, so that several are worked on side by side.
  SHORT = 24,
  // Rows from this length on are cut if there are few of them.
  LONG = 1 << 16,
  SEGMENT = 1 << 15,
  FEW = 8,
  // Below so many elements other threads are not worth waking.
  ALONE = 1 << 12,
};

// What is done on one scalar type.
struct loops {
  void (*rows)(
      const softmax_shape *shape, const void *input, const void *second, void *result,
      int64_t first, int64_t end);
  void (*short_rows)(
      const softmax_shape *shape, const void *input, const void *second, void *result,
      int64_t first, int64_t end);
  void (*columns)(
      const softmax_shape *shape, const void *input, const void *second, void *result,
      int64_t outer, int64_t column, int64_t width);
  void (*segment_part)(
      const softmax_shape *shape, const void *input, const void *second, int64_t start, int64_t n,
      void *part);
  void (*merge_parts)(const softmax_shape *shape, void *parts, int64_t segments);
  void (*segment_result)(
      const softmax_shape *shape, const void *input, const void *second, void *result,
      int64_t start, int64_t n, const void *whole);
};

#define T float
#define MASK int32_t
#define EXP elementary_exp
#define LOG1P elementary_log1p
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#define NAME(x) x##_float32
#include "softmax_rows.h"
#include "softmax_type.h"
#undef T
#undef MASK
#undef EXP
#undef LOG1P
#undef INDEPENDENT
#undef NAME

#define T double
#define MASK int64_t
#define EXP exp
#define LOG1P log1p
#define INDEPENDENT
#define NAME(x) x##_float64
#include "softmax_rows.h"
#include "softmax_type.h"

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t maximum(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }

// How a softmax is cut: into segments of rows, rows, or blocks of columns.
typedef struct {
  const softmax_shape *shape;
  const struct loops *loops;
  const void *input, *second;
  void *result;
  char *parts;
  int64_t segments, blocks, outers;
  bool is_short;
} plan;

static plan make_plan(const softmax_shape *shape) {
  plan p = {
      .shape = shape, .loops = shape->is_float64 ? &loops_float64 : &loops_float32,
      .segments = 1, .blocks = quotient(shape->inner, WIDTH), .outers = 1};
  bool is_plain = shape->mask == softmax_unmasked && !shape->is_causal &&
                  (shape->scale == 1 || shape->kind == softmax_gradient);
  p.is_short = shape->inner == 1 && shape->count <= SHORT && is_plain;
  if (shape->inner == 1 && shape->outer < FEW && shape->count >= LONG && is_plain)
    p.segments = quotient(shape->count, SEGMENT);
  else if (p.blocks == 1)
    p.outers = quotient(CHUNK, maximum(1, shape->count * shape->inner));
  return p;
}

int64_t softmax_workspace(const softmax_shape *shape) {
  plan p = make_plan(shape);
  return p.segments == 1 ? 0 : p.segments * shape->outer * (int64_t)sizeof(part_float32);
}

static char *part_of(const plan *p, int64_t chunk) {
  return p->parts + chunk * (int64_t)sizeof(part_float32);
}

static void segment_of(const plan *p, int64_t chunk, int64_t *start, int64_t *n) {
  int64_t first = chunk % p->segments * SEGMENT;
  *start = chunk / p->segments * p->shape->count + first;
  *n = minimum(SEGMENT, p->shape->count - first);
}

static void part_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const plan *p = context;
  int64_t start, n;
  segment_of(p, chunk, &start, &n);
  p->loops->segment_part(p->shape, p->input, p->second, start, n, part_of(p, chunk));
}

static void result_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const plan *p = context;
  int64_t start, n;
  segment_of(p, chunk, &start, &n);
  p->loops->segment_result(
      p->shape, p->input, p->second, p->result, start, n,
      part_of(p, chunk / p->segments * p->segments));
}

static void whole_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const plan *p = context;
  const softmax_shape *shape = p->shape;
  int64_t outer = chunk / p->blocks * p->outers;
  int64_t end = minimum(outer + p->outers, shape->outer);
  if (shape->inner == 1) {
    (p->is_short ? p->loops->short_rows : p->loops->rows)(
        shape, p->input, p->second, p->result, outer, end);
    return;
  }
  int64_t column = chunk % p->blocks * WIDTH;
  for (; outer < end; outer++)
    p->loops->columns(
        shape, p->input, p->second, p->result, outer, column,
        minimum(WIDTH, shape->inner - column));
}

void softmax_run(
    const softmax_shape *shape, const void *x, const void *second, void *result, void *workspace) {
  int64_t count = shape->outer * shape->count * shape->inner;
  if (count == 0) return;
  plan p = make_plan(shape);
  p.input = x;
  p.second = second;
  p.result = result;
  p.parts = workspace;
  if (p.segments > 1) {
    threads_run(p.segments * shape->outer, part_chunk, &p);
    for (int64_t row = 0; row < shape->outer; row++)
      p.loops->merge_parts(shape, part_of(&p, row * p.segments), p.segments);
    threads_run(p.segments * shape->outer, result_chunk, &p);
    return;
  }
  int64_t chunks = p.blocks * quotient(shape->outer, p.outers);
  if (count > ALONE)
    threads_run(chunks, whole_chunk, &p);
  else
    for (int64_t chunk = 0; chunk < chunks; chunk++) whole_chunk(&p, chunk, 0);
}
