#include "lookup.h"

#include <stdatomic.h>
#include <string.h>

#include "clones.h"
#include "lookup_index.h"
#include "threads.h"

enum {
  // Bytes of the result that one chunk writes, and below which other threads are not worth waking.
  CHUNK = 1 << 17,
  ALONE = 1 << 15,
};

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t maximum(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }

int64_t lookup_value(lookup_index type, const void *indices, int64_t position) {
  return lookup_load(type, indices, position);
}

int64_t lookup_first_fault(
    lookup_index type, const void *indices, int64_t n, int64_t lowest, int64_t highest) {
  for (int64_t i = 0; i < n; i++) {
    int64_t index = lookup_load(type, indices, i);
    if (index < lowest || index > highest) return i;
  }
  return -1;
}

typedef struct {
  const lookup_shape *shape;
  const char *x, *indices;
  char *result;
  int64_t rows, each;
  bool (*run)(const lookup_shape *, const char *, const void *, char *, int64_t, int64_t);
  atomic_bool fault;
} plan;

// Rows first..<end of [outer · indices], each of whole bytes.
#define ROWS(INDEX) \
  static bool rows_##INDEX( \
      const lookup_shape *s, const char *x, const void *indices, char *result, int64_t first, \
      int64_t end) { \
    const INDEX##_t *index = indices; \
    size_t row = (size_t)(s->inner * s->element_size); \
    bool fault = false; \
    int64_t o = first / s->indices, j = first % s->indices; \
    const char *from = x + o * s->count * (int64_t)row; \
    for (int64_t r = first; r < end; r++) { \
      int64_t at = lookup_row(index[j], s->count, s->lowest); \
      char *to = result + r * (int64_t)row; \
      if (at >= 0) \
        memcpy(to, from + at * (int64_t)row, row); \
      else \
        memset(to, 0, row), fault = true; \
      if (++j == s->indices) j = 0, from += s->count * (int64_t)row; \
    } \
    return fault; \
  }

#define ELEMENTS(INDEX, TYPE) \
  static bool rows_##INDEX##_##TYPE( \
      const lookup_shape *s, const char *x, const void *indices, char *result, int64_t first, \
      int64_t end) { \
    const INDEX##_t *index = indices; \
    bool fault = false; \
    int64_t o = first / s->indices, j = first % s->indices; \
    const TYPE##_t *from = (const TYPE##_t *)x + o * s->count; \
    TYPE##_t *to = (TYPE##_t *)result; \
    for (int64_t r = first; r < end; r++) { \
      int64_t at = lookup_row(index[j], s->count, s->lowest); \
      to[r] = at >= 0 ? from[at] : 0; \
      fault |= at < 0; \
      if (++j == s->indices) j = 0, from += s->count; \
    } \
    return fault; \
  } \
  static bool along_##INDEX##_##TYPE( \
      const lookup_shape *s, const char *x, const void *indices, char *result, int64_t first, \
      int64_t end) { \
    bool fault = false; \
    for (int64_t r = first; r < end; r++) { \
      const TYPE##_t *from = (const TYPE##_t *)x + r / s->indices * s->count * s->inner; \
      const INDEX##_t *index = (const INDEX##_t *)indices + r * s->inner; \
      TYPE##_t *to = (TYPE##_t *)result + r * s->inner; \
      for (int64_t i = 0; i < s->inner; i++) { \
        int64_t at = lookup_row(index[i], s->count, s->lowest); \
        to[i] = at >= 0 ? from[at * s->inner + i] : 0; \
        fault |= at < 0; \
      } \
    } \
    return fault; \
  }

#define SIZES(INDEX) \
  ROWS(INDEX) \
  ELEMENTS(INDEX, uint8) ELEMENTS(INDEX, uint16) ELEMENTS(INDEX, uint32) ELEMENTS(INDEX, uint64)

SIZES(int32)
SIZES(int64)
SIZES(uint8)

#define BY_SIZE(size, name) \
  ((size) == 1   ? name##_uint8 \
   : (size) == 2 ? name##_uint16 \
   : (size) == 4 ? name##_uint32 \
                 : name##_uint64)
#define BY_INDEX(s, name) \
  ((s)->index == lookup_int32   ? BY_SIZE((s)->element_size, name##_int32) \
   : (s)->index == lookup_int64 ? BY_SIZE((s)->element_size, name##_int64) \
                                : BY_SIZE((s)->element_size, name##_uint8))

static void gather_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  plan *p = context;
  int64_t first = chunk * p->each;
  if (p->run(p->shape, p->x, p->indices, p->result, first, minimum(first + p->each, p->rows)))
    atomic_store_explicit(&p->fault, true, memory_order_relaxed);
}

bool lookup_gather(const lookup_shape *s, const void *x, const void *indices, void *result) {
  plan p = {.shape = s, .x = x, .indices = indices, .result = result, .rows = s->outer * s->indices};
  int64_t row = s->inner * s->element_size;
  if (p.rows * row == 0) return true;
  if (s->is_along)
    p.run = BY_INDEX(s, along);
  else if (s->inner == 1)
    p.run = BY_INDEX(s, rows);
  else
    p.run = s->index == lookup_int32   ? rows_int32
            : s->index == lookup_int64 ? rows_int64
                                       : rows_uint8;
  p.each = maximum(1, CHUNK / row);
  int64_t chunks = quotient(p.rows, p.each);
  if (p.rows * row > ALONE)
    threads_run(chunks, gather_chunk, &p);
  else
    for (int64_t chunk = 0; chunk < chunks; chunk++) gather_chunk(&p, chunk, 0);
  return !atomic_load_explicit(&p.fault, memory_order_relaxed);
}
