#include "linear_algebra.h"

#include <math.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "lapack.h"
#include "scratch.h"
#include "threads.h"

// Multiplications of one chunk, about, and below which other threads are not worth waking.
enum { CHUNK = 1 << 16 };

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t maximum(int64_t a, int64_t b) { return a > b ? a : b; }

#define T float
#define PREFIX s
#include "linear_algebra_type.h"
#undef T
#undef PREFIX
#define T double
#define PREFIX d
#include "linear_algebra_type.h"

typedef struct {
  const matrix_problem *problem;
  const void *const *inputs;
  void *const *results;
  int64_t each;
  // The number of the first matrix that failed, and what it failed with, in the lower half.
  _Atomic int64_t failure;
} plan;

static void matrix_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  plan *p = context;
  int64_t end = minimum((chunk + 1) * p->each, p->problem->batch);
  for (int64_t number = chunk * p->each; number < end; number++) {
    int info = p->problem->is_double ? d_run(p->problem, number, p->inputs, p->results)
                                     : s_run(p->problem, number, p->inputs, p->results);
    if (info == 0) continue;
    int64_t failure = number << 32 | (uint32_t)info, before = atomic_load(&p->failure);
    while (failure < before && !atomic_compare_exchange_weak(&p->failure, &before, failure)) {
    }
  }
}

matrix_failure matrix_run(
    const matrix_problem *problem, const void *const *inputs, void *const *results) {
  plan p = {.problem = problem, .inputs = inputs, .results = results, .failure = INT64_MAX};
  int64_t size = maximum(problem->rows, problem->columns);
  p.each = maximum(1, CHUNK / maximum(1, size * size * (size + problem->right)));
  int64_t chunks = (problem->batch + p.each - 1) / p.each;
  if (chunks > 1)
    threads_run(chunks, matrix_chunk, &p);
  else if (chunks == 1)
    matrix_chunk(&p, 0, 0);
  int64_t failure = atomic_load(&p.failure);
  if (failure == INT64_MAX) return (matrix_failure){-1, 0};
  return (matrix_failure){failure >> 32, (int32_t)(uint32_t)failure};
}
