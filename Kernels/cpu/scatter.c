#include "scatter.h"

#include <stdatomic.h>
#include <string.h>

#include "clones.h"
#include "lookup_index.h"
#include "threads.h"

enum {
  // Bytes that one chunk touches, and below which other threads are not worth waking.
  CHUNK = 1 << 17,
  ALONE = 1 << 15,
  // Elements of a row that are summed side by side.
  WIDTH = 256,
};

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t maximum(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The updates `order[0..<n]` of one row, `stride` elements apart, brought together in `width`
// elements.
typedef void (*together)(
    void *result, const void *base, const void *updates, const int64_t *order, int64_t n,
    int64_t stride, int64_t width);

// Two floats have the same sum in either precision; of more the sum is kept in double.
#define SUM(name, T, STATE) \
  CLONES static void sum_##name( \
      void *result, const void *base, const void *updates, const int64_t *order, int64_t n, \
      int64_t stride, int64_t width) { \
    T *restrict to = result; \
    const T *restrict from = base; \
    const T *restrict update = updates; \
    if (n == 1 && !from) { \
      memcpy(to, update + order[0] * stride, (size_t)width * sizeof(T)); \
      return; \
    } \
    for (int64_t first = 0; first < width; first += WIDTH) { \
      int64_t w = width - first < WIDTH ? width - first : WIDTH; \
      STATE total[WIDTH]; \
      if (from) \
        for (int64_t i = 0; i < w; i++) total[i] = (STATE)from[first + i]; \
      else \
        for (int64_t i = 0; i < w; i++) total[i] = 0; \
      for (int64_t k = 0; k < n; k++) { \
        const T *u = update + order[k] * stride + first; \
        for (int64_t i = 0; i < w; i++) total[i] += (STATE)u[i]; \
      } \
      for (int64_t i = 0; i < w; i++) to[first + i] = (T)total[i]; \
    } \
  }

SUM(float32, float, double)
SUM(float64, double, double)
// Unsigned numbers wrap around, which signed ones must not.
SUM(int32, uint32_t, uint32_t)
SUM(int64, uint64_t, uint64_t)
SUM(uint8, uint8_t, uint8_t)

// NaN if there is one.
#define MAXIMUM(name, T) \
  CLONES static void maximum_##name( \
      void *result, const void *base, const void *updates, const int64_t *order, int64_t n, \
      int64_t stride, int64_t width) { \
    (void)base; \
    T *restrict to = result; \
    const T *restrict update = updates; \
    memcpy(to, update + order[0] * stride, (size_t)width * sizeof(T)); \
    for (int64_t k = 1; k < n; k++) { \
      const T *u = update + order[k] * stride; \
      for (int64_t i = 0; i < width; i++) to[i] = u[i] > to[i] || u[i] != u[i] ? u[i] : to[i]; \
    } \
  }

MAXIMUM(float32, float)
MAXIMUM(float64, double)
MAXIMUM(int32, int32_t)
MAXIMUM(int64, int64_t)
MAXIMUM(uint8, uint8_t)

static const together sums[] = {sum_float32, sum_float64, sum_int32, sum_int64, sum_uint8};
static const together maxima[] = {
    maximum_float32, maximum_float64, maximum_int32, maximum_int64, maximum_uint8};

typedef struct {
  const scatter_shape *shape;
  const char *base, *indices, *updates;
  char *result;
  // Updates in the order of their rows, and where those of each row begin.
  int64_t *order, *starts;
  together run;
  bool (*along)(
      const scatter_shape *, const char *, const void *, const char *, char *, int64_t, int64_t);
  // Rows, or columns, in a chunk; blocks of columns for each of `outer`, or how many of these a
  // chunk takes whole.
  int64_t each, blocks, outers;
  atomic_bool fault;
} plan;

int64_t scatter_workspace(const scatter_shape *s) {
  return s->is_along ? 0 : (s->indices + s->count + 1) * (int64_t)sizeof(int64_t);
}

// Counts, then places: stable, so that updates of a row stay as they stand.
static bool sort_updates(const plan *p) {
  const scatter_shape *s = p->shape;
  int64_t *starts = p->starts;
  bool fault = false;
  memset(starts, 0, (size_t)(s->count + 1) * sizeof(int64_t));
  for (int64_t j = 0; j < s->indices; j++) {
    int64_t row = lookup_row(lookup_load(s->index, p->indices, j), s->count, s->lowest);
    fault |= row < 0;
    if (row >= 0) starts[row]++;
  }
  int64_t total = 0;
  for (int64_t row = 0; row <= s->count; row++) {
    int64_t n = starts[row];
    starts[row] = total;
    total += n;
  }
  for (int64_t j = 0; j < s->indices; j++) {
    int64_t row = lookup_row(lookup_load(s->index, p->indices, j), s->count, s->lowest);
    if (row >= 0) p->order[starts[row]++] = j;
  }
  // Each start has become that of the next row.
  memmove(starts + 1, starts, (size_t)s->count * sizeof(int64_t));
  starts[0] = 0;
  return fault;
}

static void rows_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const plan *p = context;
  const scatter_shape *s = p->shape;
  int64_t size = s->inner * s->element_size;
  int64_t end = minimum((chunk + 1) * p->each, s->outer * s->count);
  for (int64_t r = chunk * p->each; r < end; r++) {
    int64_t o = r / s->count, row = r % s->count;
    const int64_t *order = p->order + p->starts[row];
    int64_t n = p->starts[row + 1] - p->starts[row];
    const char *updates = p->updates + o * s->indices * size;
    char *to = p->result + r * size;
    const char *base = p->base ? p->base + r * size : NULL;
    if (n > 0 && p->run)
      p->run(to, base, updates, order, n, s->inner, s->inner);
    else if (n > 0)
      memcpy(to, updates + order[n - 1] * size, (size_t)size);
    else if (base)
      memcpy(to, base, (size_t)size);
    else
      memset(to, 0, (size_t)size);
  }
}

// Columns first..<end of [outer · inner], each on its own.
#define ALONG(name, T, operation) \
  static bool along_##name( \
      const scatter_shape *s, const char *base, const void *indices, const char *updates, \
      char *result, int64_t first, int64_t end) { \
    bool fault = false; \
    int64_t o = first / s->inner, i0 = first % s->inner, n = end - first; \
    T *to = (T *)result + o * s->count * s->inner + i0; \
    const T *from = base ? (const T *)base + o * s->count * s->inner + i0 : NULL; \
    for (int64_t c = 0; c < s->count; c++) \
      for (int64_t i = 0; i < n; i++) to[c * s->inner + i] = from ? from[c * s->inner + i] : 0; \
    for (int64_t j = 0; j < s->indices; j++) { \
      int64_t at = (o * s->indices + j) * s->inner + i0; \
      const T *u = (const T *)updates + at; \
      for (int64_t i = 0; i < n; i++) { \
        int64_t row = lookup_row(lookup_load(s->index, indices, at + i), s->count, s->lowest); \
        fault |= row < 0; \
        if (row >= 0) to[row * s->inner + i] operation u[i]; \
      } \
    } \
    return fault; \
  }

ALONG(sum_float32, float, +=)
ALONG(sum_float64, double, +=)
ALONG(sum_int32, uint32_t, +=)
ALONG(sum_int64, uint64_t, +=)
ALONG(sum_uint8, uint8_t, +=)
ALONG(last_8, uint8_t, =)
ALONG(last_16, uint16_t, =)
ALONG(last_32, uint32_t, =)
ALONG(last_64, uint64_t, =)

static void along_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  plan *p = context;
  const scatter_shape *s = p->shape;
  int64_t block = chunk % p->blocks, o = chunk / p->blocks * p->outers;
  bool fault = false;
  for (int64_t stop = minimum(o + p->outers, s->outer); o < stop; o++) {
    int64_t first = o * s->inner + block * p->each;
    int64_t end = minimum(first + p->each, (o + 1) * s->inner);
    fault |= p->along(s, p->base, p->indices, p->updates, p->result, first, end);
  }
  if (fault) atomic_store_explicit(&p->fault, true, memory_order_relaxed);
}

static void run_along(plan *p) {
  const scatter_shape *s = p->shape;
  static bool (*const along_sums[])(
      const scatter_shape *, const char *, const void *, const char *, char *, int64_t, int64_t) = {
      along_sum_float32, along_sum_float64, along_sum_int32, along_sum_int64, along_sum_uint8};
  p->along = s->kind == scatter_sum  ? along_sums[s->type]
             : s->element_size == 1 ? along_last_8
             : s->element_size == 2 ? along_last_16
             : s->element_size == 4 ? along_last_32
                                    : along_last_64;
  int64_t column = (s->count + s->indices) * s->element_size;
  p->each = minimum(s->inner, maximum(16, CHUNK / maximum(1, column)));
  p->blocks = quotient(s->inner, p->each);
  p->outers = p->blocks > 1 ? 1 : maximum(1, CHUNK / (s->inner * maximum(1, column)));
  int64_t chunks = quotient(s->outer, p->outers) * p->blocks;
  if (s->outer * s->inner * column > ALONE)
    threads_run(chunks, along_chunk, p);
  else
    for (int64_t chunk = 0; chunk < chunks; chunk++) along_chunk(p, chunk, 0);
}

bool scatter_run(
    const scatter_shape *s, const void *base, const void *indices, const void *updates,
    void *result, void *workspace) {
  plan p = {
      .shape = s, .base = base, .indices = indices, .updates = updates, .result = result,
      .starts = workspace};
  if (s->outer * s->count * s->inner == 0) return true;
  if (s->is_along) {
    run_along(&p);
    return !atomic_load_explicit(&p.fault, memory_order_relaxed);
  }
  p.order = p.starts + s->count + 1;
  bool fault = sort_updates(&p);
  p.run = s->kind == scatter_sum ? sums[s->type] : s->kind == scatter_maximum ? maxima[s->type] : NULL;
  int64_t row = s->inner * s->element_size * (1 + quotient(s->indices, s->count));
  p.each = maximum(1, CHUNK / row);
  int64_t chunks = quotient(s->outer * s->count, p.each);
  if (s->outer * s->count * row > ALONE)
    threads_run(chunks, rows_chunk, &p);
  else
    for (int64_t chunk = 0; chunk < chunks; chunk++) rows_chunk(&p, chunk, 0);
  return !fault;
}
