#include "clones.h"
#include "scan.h"
#include "threads.h"

// Columns side by side in a chunk, and elements that a chunk of outer indices has at least.
enum { WIDTH = 256, CHUNK = 1 << 14 };

typedef struct {
  const scan_shape *shape;
  const void *factors, *terms;
  void *result;
  int64_t blocks, outers;
} job;

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }

#define RECURRENCE(name, T) \
  CLONES static void name(const job *j, int64_t at, int64_t step, int64_t width) { \
    const T *restrict factor = (const T *)j->factors + at; \
    const T *restrict term = (const T *)j->terms + at; \
    T *restrict y = (T *)j->result + at; \
    double state[WIDTH]; \
    for (int64_t k = 0; k < width; k++) state[k] = 0; \
    for (int64_t i = 0; i < j->shape->count; i++, factor += step, term += step, y += step) \
      for (int64_t k = 0; k < width; k++) { \
        y[k] = (T)state[k]; \
        state[k] = __builtin_fma((double)factor[k], state[k], (double)term[k]); \
      } \
  }

RECURRENCE(recurrence_float32, float)
RECURRENCE(recurrence_float64, double)

static void chunk_body(void *context, int64_t chunk, int thread) {
  (void)thread;
  const job *j = context;
  const scan_shape *s = j->shape;
  const int64_t column = chunk % j->blocks * WIDTH;
  const int64_t first = chunk / j->blocks * j->outers;
  for (int64_t outer = first; outer < minimum(first + j->outers, s->outer); outer++) {
    const int64_t row = outer * s->count + (s->is_reversed ? s->count - 1 : 0);
    (s->type == scan_float64 ? recurrence_float64 : recurrence_float32)(
        j, row * s->inner + column, s->is_reversed ? -s->inner : s->inner,
        minimum(WIDTH, s->inner - column));
  }
}

void scan_recurrence(
    const scan_shape *shape, const void *factors, const void *terms, void *result) {
  if (shape->outer * shape->count * shape->inner == 0) return;
  job j = {.shape = shape, .factors = factors, .terms = terms, .result = result};
  j.blocks = (shape->inner + WIDTH - 1) / WIDTH;
  const int64_t row = shape->count * minimum(shape->inner, WIDTH);
  j.outers = (CHUNK + row - 1) / row;
  threads_run(j.blocks * ((shape->outer + j.outers - 1) / j.outers), chunk_body, &j);
}
