#include "cross_entropy.h"

#include <stddef.h>

#include "../common/elementary.h"
#include "clones.h"
#include "lookup_index.h"
#include "scratch.h"
#include "threads.h"

enum {
  // Elements that one chunk takes at least, if there are as many.
  CHUNK = 1 << 15,
  // Rows up to this length are turned over, WIDTH of them side by side.
  SHORT = 24,
  WIDTH = 64,
  // Terms of a loss that are computed at a time.
  PART = 256,
  // Rows from this length on are cut into segments if there are few of them.
  LONG = 1 << 16,
  SEGMENT = 1 << 15,
  FEW = 8,
  // Below so many elements other threads are not worth waking.
  ALONE = 1 << 12,
};

// What is known of a segment of a row, or of a whole one.
typedef struct segment_part {
  double top, total, loss;
} segment_part;

typedef struct {
  const cross_entropy_shape *shape;
  const cross_entropy_call *call;
  const struct loops *loops;
  double weight_sum;
  // Rows in a chunk.
  int64_t share;
  // Segments of a row, and what is known of all of them and of the rows.
  int64_t segments;
  segment_part *parts, *wholes;
} plan;

// What is done on one scalar type.
struct loops {
  double (*weight_sum)(const cross_entropy_shape *shape, const void *weights);
  void (*rows)(const plan *p, int64_t first, int64_t end);
  void (*short_rows)(const plan *p, int64_t first, int64_t end);
  void (*weights)(
      const cross_entropy_shape *shape, const void *labels, const void *class_weights,
      void *result, int64_t first, int64_t end);
  void (*segment_part)(
      const plan *p, int64_t row, int64_t first, int64_t end, segment_part *part);
  void (*segment_result)(
      const plan *p, int64_t row, int64_t first, int64_t end, const segment_part *whole,
      segment_part *part);
  void (*store_loss)(const plan *p, int64_t row, double loss);
};

// A row's label, or -2 if the row counts for nothing.
INLINE int64_t label_of(const cross_entropy_shape *shape, const void *labels, int64_t row) {
  int64_t label = lookup_load(shape->label, labels, row);
  bool counts = label >= 0 && label < shape->classes &&
                !(shape->has_ignored && label == shape->ignored);
  return counts ? label : -2;
}

#define T float
#define MASK int32_t
#define EXP elementary_exp
#define LOG1P elementary_log1p
#define NAME(x) x##_float32
#include "softmax_rows.h"
#include "cross_entropy_type.h"
#undef T
#undef MASK
#undef EXP
#undef LOG1P
#undef NAME

#define T double
#define MASK int64_t
#define EXP exp
#define LOG1P log1p
#define NAME(x) x##_float64
#include "softmax_rows.h"
#include "cross_entropy_type.h"

int64_t cross_entropy_first_fault(const cross_entropy_shape *shape, const void *labels) {
  for (int64_t row = 0; row < shape->rows; row++) {
    int64_t label = lookup_load(shape->label, labels, row);
    bool is_ignored = shape->has_ignored && label == shape->ignored;
    if (!is_ignored && (label < 0 || label >= shape->classes)) return row;
  }
  return -1;
}

static void chunk_of_rows(void *context, int64_t chunk, int thread) {
  (void)thread;
  const plan *p = context;
  int64_t first = chunk * p->share;
  int64_t end = first + p->share < p->shape->rows ? first + p->share : p->shape->rows;
  bool is_short = p->shape->classes <= SHORT && p->shape->takes_logits;
  (is_short ? p->loops->short_rows : p->loops->rows)(p, first, end);
}

static void part_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const plan *p = context;
  int64_t first = chunk % p->segments * SEGMENT, n = p->shape->classes;
  p->loops->segment_part(
      p, chunk / p->segments, first, first + SEGMENT < n ? first + SEGMENT : n, p->parts + chunk);
}

static void result_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const plan *p = context;
  int64_t first = chunk % p->segments * SEGMENT, n = p->shape->classes;
  p->loops->segment_result(
      p, chunk / p->segments, first, first + SEGMENT < n ? first + SEGMENT : n,
      p->wholes + chunk / p->segments, p->parts + chunk);
}

// Few long rows, each cut into the same segments whatever the threads.
static void run_segments(plan *p) {
  int64_t rows = p->shape->rows, count = rows * p->segments;
  p->parts = scratch(scratch_left, (count + rows) * (int64_t)sizeof(segment_part));
  p->wholes = p->parts + count;
  threads_run(count, part_chunk, p);
  for (int64_t row = 0; row < rows; row++) {
    segment_part *parts = p->parts + row * p->segments;
    segment_part whole = {.top = -INFINITY};
    for (int64_t s = 0; s < p->segments; s++)
      whole.top = !(parts[s].top <= whole.top) ? parts[s].top : whole.top;
    for (int64_t s = 0; s < p->segments; s++)
      if (parts[s].top != -INFINITY) whole.total += parts[s].total * exp(parts[s].top - whole.top);
    p->wholes[row] = whole;
  }
  threads_run(count, result_chunk, p);
  for (int64_t row = 0; row < rows && p->call->losses; row++) {
    double loss = 0;
    for (int64_t s = 0; s < p->segments; s++) loss += p->parts[row * p->segments + s].loss;
    p->loops->store_loss(p, row, loss);
  }
}

bool cross_entropy_run(const cross_entropy_shape *shape, const cross_entropy_call *call) {
  if (shape->rows == 0 || shape->classes == 0) return true;
  plan p = {
      .shape = shape, .call = call,
      .loops = shape->is_float64 ? &loops_float64 : &loops_float32,
      .share = (CHUNK + shape->classes - 1) / shape->classes};
  p.weight_sum = p.loops->weight_sum(shape, call->class_weights);
  int64_t chunks = (shape->rows + p.share - 1) / p.share;
  p.segments = (shape->classes + SEGMENT - 1) / SEGMENT;
  if (shape->rows < FEW && shape->classes >= LONG && shape->takes_logits)
    run_segments(&p);
  else if (shape->rows * shape->classes > ALONE)
    threads_run(chunks, chunk_of_rows, &p);
  else
    for (int64_t chunk = 0; chunk < chunks; chunk++) chunk_of_rows(&p, chunk, 0);
  return shape->is_dense || cross_entropy_first_fault(shape, call->targets) < 0;
}

bool cross_entropy_weights(const cross_entropy_shape *shape, const void *labels,
                           const void *class_weights, void *weights) {
  (shape->is_float64 ? &loops_float64 : &loops_float32)
      ->weights(shape, labels, class_weights, weights, 0, shape->rows);
  return cross_entropy_first_fault(shape, labels) < 0;
}
