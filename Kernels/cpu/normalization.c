#include "normalization.h"

#include <stdbool.h>
#include <string.h>

#include "clones.h"
#include "scratch.h"
#include "threads.h"

#pragma STDC FP_CONTRACT OFF

enum {
  // Elements that one chunk takes at least, if there are as many.
  CHUNK = 1 << 17,
  // Columns side by side in a chunk.
  WIDTH = 1024,
  // Rows that a vector of columns is taken along before the next vector is.
  ROWS = 8,
  LANES = 16,
  // Short rows side by side make up to so many columns.
  GROUP_WIDTH = 256,
  // Below so many elements other threads are not worth waking.
  ALONE = 1 << 13,
};

typedef double doubles __attribute__((vector_size(LANES * sizeof(double)), aligned(8)));

struct loops {
  void (*span)(
      const void *factors, const void *values, int64_t n, double origin, double *sum,
      double *product_sum);
  void (*columns)(
      const void *factors, const void *values, int64_t rows, int64_t stride, int64_t width,
      const double *origins, double *sums, double *product_sums);
  void (*widen)(const void *input, int64_t n, double *result);
  void (*store)(const double *values, int64_t n, double factor, void *result);
  int size;
};

#define T float
#define NAME(x) x##_float32
#include "normalization_type.h"

#define T double
#define NAME(x) x##_float64
#include "normalization_type.h"

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t maximum(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }

// How the elements are cut, by the shape alone, and what is done on them.
struct plan {
  normalization_shape shape;
  const struct loops *loops;
  bool finds_moments;
  const char *factors, *values, *origins;
  char *first_result, *second_result;
  // How many rows are one row of the loops.
  int64_t group;
  // Along the middle axis: how long a segment is, and how many there are.
  int64_t segment, segments;
  // What one chunk takes: outer indices, or columns.
  int64_t outers, width, blocks;
  // Two numbers a result and segment, segment by segment: first all of the one kind.
  double *states;
};

static struct plan make_plan(const normalization_shape *shape) {
  struct plan plan = {
      .shape = *shape, .group = 1, .segment = maximum(shape->count, 1), .segments = 1, .outers = 1,
      .width = minimum(shape->inner, WIDTH), .blocks = quotient(shape->inner, WIDTH),
  };
  if (shape->inner > 1 && shape->inner <= GROUP_WIDTH / 2)
    plan.group = maximum(1, minimum(GROUP_WIDTH / shape->inner, shape->count / 4));
  if (shape->count * plan.width > 2 * CHUNK) {
    plan.segment = quotient(quotient(CHUNK, plan.width), ROWS * plan.group) * ROWS * plan.group;
    plan.segments = quotient(shape->count, plan.segment);
  } else if (plan.blocks == 1) {
    plan.outers = quotient(CHUNK / 4, maximum(1, shape->count * shape->inner));
  }
  return plan;
}

int64_t normalization_workspace(const normalization_shape *shape) {
  struct plan plan = make_plan(shape);
  if (plan.segments == 1) return 0;
  return 2 * plan.segments * shape->outer * shape->inner * (int64_t)sizeof(double);
}

// From sums of distances and of their squares to the mean and the sum of squares around it.
static void center(int64_t count, int64_t n, const double *origins, double *first, double *second) {
  for (int64_t j = 0; j < n; j++) {
    const double shift = first[j] / (double)count;
    second[j] -= first[j] * shift;
    first[j] = origins[j] + shift;
  }
}

// Stores `n` results from `at` on, made of `count` elements each.
static void store(
    const struct plan *plan, int64_t at, int64_t n, const double *first, const double *second) {
  const int64_t offset = at * plan->loops->size;
  const double factor = plan->finds_moments ? 1 / (double)plan->shape.count : 1;
  plan->loops->store(first, n, 1, plan->first_result + offset);
  plan->loops->store(second, n, factor, plan->second_result + offset);
}

// What `n` rows from `row` on of columns `column` until `column + width` come to.
static void take(
    const struct plan *plan, int64_t outer, int64_t row, int64_t n, int64_t column, int64_t width,
    double *first, double *second) {
  const struct loops *loops = plan->loops;
  const int64_t inner = plan->shape.inner;
  const int64_t start = ((outer * plan->shape.count + row) * inner + column) * loops->size;
  const char *factors = plan->factors + start;
  const char *values = plan->values + start;
  double origins[WIDTH];
  const int64_t result = outer * inner + column;
  // Moments are counted from the first row: a large mean costs no digits.
  loops->widen(plan->finds_moments ? values : plan->origins + result * loops->size, width, origins);
  memset(first, 0, (size_t)width * sizeof *first);
  memset(second, 0, (size_t)width * sizeof *second);
  if (inner == 1) {
    loops->span(factors, values, n, origins[0], first, second);
  } else if (plan->group > 1 && n >= plan->group) {
    const int64_t wide = plan->group * inner;
    double pivots[GROUP_WIDTH], sums[2][GROUP_WIDTH] = {};
    for (int64_t j = 0; j < wide; j++) pivots[j] = origins[j % inner];
    const int64_t grouped = n / plan->group;
    loops->columns(factors, values, grouped, wide, wide, pivots, sums[0], sums[1]);
    for (int64_t j = 0; j < wide; j++) {
      first[j % inner] += sums[0][j];
      second[j % inner] += sums[1][j];
    }
    const int64_t rest = grouped * wide * loops->size;
    loops->columns(
        factors + rest, values + rest, n - grouped * plan->group, inner, width, origins, first,
        second);
  } else {
    loops->columns(factors, values, n, inner, width, origins, first, second);
  }
  if (plan->finds_moments) center(n, width, origins, first, second);
}

static void chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const normalization_shape *shape = &plan->shape;
  const int64_t segment = chunk % plan->segments;
  const int64_t column = chunk / plan->segments % plan->blocks * WIDTH;
  const int64_t first_outer = chunk / plan->segments / plan->blocks * plan->outers;
  const int64_t width = minimum(WIDTH, shape->inner - column);
  const int64_t row = segment * plan->segment;
  const int64_t n = minimum(plan->segment, shape->count - row);
  if (plan->segments > 1) {
    const int64_t results = shape->outer * shape->inner;
    double *states = plan->states + segment * results + first_outer * shape->inner + column;
    take(plan, first_outer, row, n, column, width, states, states + plan->segments * results);
    return;
  }
  const int64_t end = minimum(first_outer + plan->outers, shape->outer);
  for (int64_t outer = first_outer; outer < end; outer++) {
    double first[WIDTH], second[WIDTH];
    take(plan, outer, row, n, column, width, first, second);
    store(plan, outer * shape->inner + column, width, first, second);
  }
}

// Brings the segments together in their order: sums by adding them, moments by Chan's rule.
static void merge(const struct plan *plan) {
  const int64_t results = plan->shape.outer * plan->shape.inner;
  double *first = plan->states;
  double *second = first + plan->segments * results;
  for (int64_t segment = 1; segment < plan->segments; segment++) {
    const double *other_first = first + segment * results;
    const double *other_second = second + segment * results;
    if (!plan->finds_moments) {
      for (int64_t j = 0; j < results; j++) {
        first[j] += other_first[j];
        second[j] += other_second[j];
      }
      continue;
    }
    const int64_t before = segment * plan->segment;
    const int64_t n = minimum(plan->segment, plan->shape.count - before);
    const double share = (double)n / (double)(before + n);
    for (int64_t j = 0; j < results; j++) {
      const double distance = other_first[j] - first[j];
      first[j] += distance * share;
      second[j] += other_second[j] + distance * distance * ((double)before * share);
    }
  }
  store(plan, 0, results, first, second);
}

static void run(struct plan *plan, void *workspace) {
  const normalization_shape *shape = &plan->shape;
  if (shape->outer == 0 || shape->inner == 0) return;
  plan->loops = (shape->is_float64 ? loops_float64 : loops_float32) + !plan->finds_moments;
  plan->states = workspace;
  const int64_t chunks = plan->segments * plan->blocks * quotient(shape->outer, plan->outers);
  if (shape->outer * shape->count * shape->inner > ALONE)
    threads_run(chunks, chunk, plan);
  else
    for (int64_t c = 0; c < chunks; c++) chunk(plan, c, 0);
  if (plan->segments > 1) merge(plan);
}

void normalization_moments(
    const normalization_shape *shape, const void *x, void *mean, void *variance,
    void *workspace) {
  struct plan plan = make_plan(shape);
  plan.finds_moments = true;
  plan.factors = x;
  plan.values = x;
  plan.first_result = mean;
  plan.second_result = variance;
  run(&plan, workspace);
}

void normalization_sums(
    const normalization_shape *shape, const void *g, const void *x, const void *mean, void *sum,
    void *product_sum, void *workspace) {
  struct plan plan = make_plan(shape);
  plan.factors = g;
  plan.values = x;
  plan.origins = mean;
  plan.first_result = sum;
  plan.second_result = product_sum;
  run(&plan, workspace);
}
