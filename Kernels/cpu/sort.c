#include "sort.h"

#include <string.h>

#include "clones.h"
#include "scratch.h"
#include "threads.h"

enum {
  // Elements that one chunk takes at least, if there are as many, and below which other threads are
  // not worth waking.
  CHUNK = 1 << 13,
  ALONE = 1 << 11,
  // Up to so many elements are put in place one by one.
  FEW = 24,
  // So many of the first ones at most are kept in order while the rest passes by.
  KEPT = 32,
};

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t maximum(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Numbers whose order as unsigned integers is that of the elements. Zeros are equal; NaN is last.
#define FLOAT_KEY(name, WORD, infinity) \
  INLINE WORD key_##name(WORD bits, bool is_descending) { \
    const WORD sign = (WORD)((WORD)1 << (8 * sizeof(WORD) - 1)); \
    const WORD size = bits & (WORD)~sign; \
    if (size > (WORD)infinity) return (WORD)~(WORD)0; \
    if (size == 0) bits = 0; \
    WORD key = bits & sign ? (WORD)~bits : (WORD)(bits | sign); \
    return is_descending ? (WORD)~key : key; \
  }

FLOAT_KEY(float32, uint32_t, 0x7F800000u)
FLOAT_KEY(float64, uint64_t, 0x7FF0000000000000u)
FLOAT_KEY(float16, uint16_t, 0x7C00u)
FLOAT_KEY(bfloat16, uint16_t, 0x7F80u)

INLINE uint32_t key_int32(uint32_t bits, bool is_descending) {
  uint32_t key = bits ^ 0x80000000u;
  return is_descending ? ~key : key;
}

INLINE uint64_t key_int64(uint64_t bits, bool is_descending) {
  uint64_t key = bits ^ 0x8000000000000000u;
  return is_descending ? ~key : key;
}

INLINE uint8_t key_uint8(uint8_t bits, bool is_descending) {
  return is_descending ? (uint8_t)~bits : bits;
}

#define LOADER(name, WORD, KEY) \
  CLONES static void load_##name( \
      const void *x, int64_t stride, int64_t n, bool is_descending, void *keys) { \
    const WORD *from = x; \
    KEY *to = keys; \
    for (int64_t i = 0; i < n; i++) to[i] = key_##name(from[i * stride], is_descending); \
  }

LOADER(float32, uint32_t, uint32_t)
LOADER(float64, uint64_t, uint64_t)
LOADER(float16, uint16_t, uint32_t)
LOADER(bfloat16, uint16_t, uint32_t)
LOADER(int32, uint32_t, uint32_t)
LOADER(int64, uint64_t, uint64_t)
LOADER(uint8, uint8_t, uint32_t)

typedef void (*loader)(
    const void *x, int64_t stride, int64_t n, bool is_descending, void *keys);
static const loader loaders[] = {
    load_float32, load_float64, load_float16, load_bfloat16, load_int32, load_int64, load_uint8};
static const int sizes[] = {4, 8, 2, 2, 4, 8, 1};

// Which keys are the first `limit`, in order: into `order`. The other arrays are for its use.
#define SORT(bits, KEY) \
  static void first_##bits(const KEY *keys, int64_t n, int64_t limit, KEY *best, int32_t *order) { \
    int64_t have = 0; \
    for (int64_t i = 0; i < n; i++) { \
      if (have == limit && keys[i] >= best[have - 1]) continue; \
      int64_t at = have < limit ? have++ : limit - 1; \
      for (; at > 0 && best[at - 1] > keys[i]; at--) { \
        best[at] = best[at - 1]; \
        order[at] = order[at - 1]; \
      } \
      best[at] = keys[i]; \
      order[at] = (int32_t)i; \
    } \
  } \
  /* Digit by digit from the lowest, each pass stable; digits that all share are passed over. */ \
  static int32_t *radix_##bits( \
      KEY *keys, KEY *other, int64_t n, int32_t *order, int32_t *spare) { \
    for (int64_t i = 0; i < n; i++) order[i] = (int32_t)i; \
    for (int shift = 0; shift < bits; shift += 8) { \
      int64_t starts[256] = {0}; \
      for (int64_t i = 0; i < n; i++) starts[keys[i] >> shift & 255]++; \
      if (starts[keys[0] >> shift & 255] == n) continue; \
      int64_t total = 0; \
      for (int digit = 0; digit < 256; digit++) { \
        int64_t count = starts[digit]; \
        starts[digit] = total; \
        total += count; \
      } \
      for (int64_t i = 0; i < n; i++) { \
        int64_t at = starts[keys[i] >> shift & 255]++; \
        other[at] = keys[i]; \
        spare[at] = order[i]; \
      } \
      KEY *sorted = other; \
      other = keys; \
      keys = sorted; \
      int32_t *placed = spare; \
      spare = order; \
      order = placed; \
    } \
    return order; \
  } \
  static const int32_t *order_##bits(int64_t n, int64_t limit, void *memory) { \
    KEY *keys = memory, *other = keys + n; \
    int32_t *order = (int32_t *)(other + n), *spare = order + n; \
    if (n <= FEW || (limit <= KEPT && limit * 8 <= n)) { \
      first_##bits(keys, n, minimum(limit, n), other, order); \
      return order; \
    } \
    return radix_##bits(keys, other, n, order, spare); \
  }

SORT(32, uint32_t)
SORT(64, uint64_t)

typedef struct {
  const sort_shape *shape;
  const char *x;
  int32_t *result;
  int64_t columns, each;
} plan;

static void sort_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const plan *p = context;
  const sort_shape *s = p->shape;
  int size = sizes[s->type];
  int64_t end = minimum((chunk + 1) * p->each, p->columns);
  void *memory = scratch(scratch_sort, s->count * 2 * ((size == 8 ? 8 : 4) + 4));
  for (int64_t column = chunk * p->each; column < end; column++) {
    int64_t o = column / s->inner, i = column % s->inner;
    loaders[s->type](
        p->x + (o * s->count * s->inner + i) * size, s->inner, s->count, s->is_descending, memory);
    const int32_t *order = size == 8 ? order_64(s->count, s->limit, memory)
                                     : order_32(s->count, s->limit, memory);
    int32_t *to = p->result + o * s->limit * s->inner + i;
    for (int64_t k = 0; k < s->limit; k++) to[k * s->inner] = order[k];
  }
}

void sort_run(const sort_shape *s, const void *x, int32_t *result) {
  plan p = {.shape = s, .x = x, .result = result, .columns = s->outer * s->inner};
  if (p.columns * s->count * s->limit == 0) return;
  p.each = maximum(1, CHUNK / s->count);
  int64_t chunks = quotient(p.columns, p.each);
  if (p.columns * s->count > ALONE)
    threads_run(chunks, sort_chunk, &p);
  else
    for (int64_t chunk = 0; chunk < chunks; chunk++) sort_chunk(&p, chunk, 0);
}

// How many of the bounds come before the value.
#define SEARCH(name, WORD) \
  static void search_##name( \
      const search_shape *s, const char *bounds, const char *values, int32_t *result, \
      int64_t first, int64_t end) { \
    for (int64_t at = first; at < end; at++) { \
      const WORD *bound = (const WORD *)bounds + (s->is_shared ? 0 : at / s->n * s->count); \
      WORD value = key_##name(((const WORD *)values)[at], false); \
      int64_t low = 0, high = s->count; \
      while (low < high) { \
        int64_t middle = low + (high - low) / 2; \
        WORD key = key_##name(bound[middle], false); \
        if (s->is_right ? key <= value : key < value) \
          low = middle + 1; \
        else \
          high = middle; \
      } \
      result[at] = (int32_t)low; \
    } \
  }

SEARCH(float32, uint32_t)
SEARCH(float64, uint64_t)
SEARCH(float16, uint16_t)
SEARCH(bfloat16, uint16_t)
SEARCH(int32, uint32_t)
SEARCH(int64, uint64_t)
SEARCH(uint8, uint8_t)

typedef struct {
  const search_shape *shape;
  const char *bounds, *values;
  int32_t *result;
} search;

static void search_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  static void (*const searches[])(
      const search_shape *, const char *, const char *, int32_t *, int64_t, int64_t) = {
      search_float32, search_float64, search_float16, search_bfloat16,
      search_int32,   search_int64,   search_uint8};
  const search *p = context;
  int64_t end = minimum((chunk + 1) * CHUNK, p->shape->outer * p->shape->n);
  searches[p->shape->type](p->shape, p->bounds, p->values, p->result, chunk * CHUNK, end);
}

void search_run(
    const search_shape *s, const void *bounds, const void *values, int32_t *result) {
  search p = {s, bounds, values, result};
  int64_t chunks = quotient(s->outer * s->n, CHUNK);
  if (chunks > 1)
    threads_run(chunks, search_chunk, &p);
  else if (chunks == 1)
    search_chunk(&p, 0, 0);
}
