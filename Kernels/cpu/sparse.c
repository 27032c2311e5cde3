#include "sparse.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "clones.h"
#include "threads.h"

enum {
  // Multiplications of one chunk, and below which other threads are not worth waking.
  CHUNK = 1 << 15,
  ALONE = 1 << 13,
};

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t maximum(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }
static int64_t between(int64_t x, int64_t low, int64_t high) {
  return minimum(maximum(x, low), high);
}

#define ROW(name, T, multiply_add) \
  CLONES static bool row_##name( \
      const sparse_shape *s, int64_t first, int64_t end, const int32_t *places, \
      const void *values, const void *dense, void *result) { \
    T *restrict to = result; \
    bool fault = false; \
    memset(to, 0, (size_t)s->width * sizeof(T)); \
    for (int64_t k = first; k < end; k++) { \
      int64_t place = places[k]; \
      if (place < 0 || place >= s->columns) { \
        fault = true; \
        continue; \
      } \
      const T *restrict from = (const T *)dense + place * s->width; \
      const T value = ((const T *)values)[k]; \
      for (int64_t i = 0; i < s->width; i++) to[i] = multiply_add(value, from[i], to[i]); \
    } \
    return fault; \
  }

ROW(float32, float, fmaf)
ROW(float64, double, fma)

typedef struct {
  const sparse_shape *shape;
  const int32_t *offsets, *places;
  const char *values, *dense;
  char *result;
  int64_t each;
  atomic_bool fault;
} plan;

static void sparse_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  plan *p = context;
  const sparse_shape *s = p->shape;
  int64_t size = s->type == sparse_float32 ? 4 : 8;
  bool fault = false;
  int64_t last = minimum((chunk + 1) * p->each, s->rows);
  for (int64_t r = chunk * p->each; r < last; r++) {
    int64_t first = between(p->offsets[r], 0, s->count);
    int64_t end = between(p->offsets[r + 1], first, s->count);
    fault |= first != p->offsets[r] || end != p->offsets[r + 1];
    fault |= (s->type == sparse_float32 ? row_float32 : row_float64)(
        s, first, end, p->places, p->values, p->dense, p->result + r * s->width * size);
  }
  if (fault) atomic_store_explicit(&p->fault, true, memory_order_relaxed);
}

bool sparse_run(
    const sparse_shape *s, const int32_t *offsets, const int32_t *places, const void *values,
    const void *dense, void *result) {
  plan p = {
      .shape = s, .offsets = offsets, .places = places, .values = values, .dense = dense,
      .result = result};
  if (s->rows * s->width == 0) return true;
  int64_t row = s->width * (1 + quotient(s->count, s->rows));
  p.each = maximum(1, CHUNK / row);
  int64_t chunks = quotient(s->rows, p.each);
  if (s->rows * row > ALONE)
    threads_run(chunks, sparse_chunk, &p);
  else
    for (int64_t chunk = 0; chunk < chunks; chunk++) sparse_chunk(&p, chunk, 0);
  if (offsets[0] != 0 || offsets[s->rows] != s->count) return false;
  return !atomic_load_explicit(&p.fault, memory_order_relaxed);
}
