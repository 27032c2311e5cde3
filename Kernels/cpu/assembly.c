#include "assembly.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clones.h"
#include "threads.h"

enum {
  // Bytes that one chunk moves, and below which other threads are not worth waking.
  CHUNK = 1 << 18,
  ALONE = 1 << 15,
  // Rows and columns that are transposed at a time.
  SQUARE = 16,
  // Along the destination, as many as stay in the first-level cache with a line each.
  BAND = 128,
};

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t maximum(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }

typedef struct {
  int64_t extent, source, destination;
} axis;

// Axes outermost first, those that can be one merged, in the order of the destination's strides.
// The last `inner` of them are moved by one call of `move`.
typedef struct {
  axis axes[8];
  int rank, inner;
  // Along the outermost of the inner axes, how much one call moves.
  int64_t piece, pieces, calls, chunk_calls;
  void (*move)(const axis *axes, int64_t first, int64_t n, const char *source, char *destination);
  const char *source;
  char *destination;
  int64_t size;
} plan;

// As many perfect shuffles of all lanes as SQUARE has bits transpose.
#define SHUFFLES(lanes, v) \
  _Pragma("unroll") for (int step = 1; step < SQUARE; step *= 2) { \
    lanes w[SQUARE]; \
    _Pragma("unroll") for (int i = 0; i < SQUARE / 2; i++) { \
      w[2 * i] = __builtin_shufflevector( \
          v[i], v[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23); \
      w[2 * i + 1] = __builtin_shufflevector( \
          v[i], v[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31); \
    } \
    _Pragma("unroll") for (int i = 0; i < SQUARE; i++) v[i] = w[i]; \
  }

#define LOOPS(type, bits) \
  CLONES static void line_##bits( \
      const axis *axes, int64_t first, int64_t n, const char *source, char *destination) { \
    int64_t s = axes->source, d = axes->destination; \
    const type *from = (const type *)source + first * s; \
    type *to = (type *)destination + first * d; \
    if (s == 1 && d == 1) { \
      memcpy(to, from, (size_t)n * sizeof(type)); \
    } else if (d == 1 && s == 0) { \
      type value = *from; \
      for (int64_t i = 0; i < n; i++) to[i] = value; \
    } else if (d == 1 && s == -1) { \
      for (int64_t i = 0; i < n; i++) to[i] = from[-i]; \
    } else if (d == 1) { \
      for (int64_t i = 0; i < n; i++) to[i] = from[i * s]; \
    } else { \
      for (int64_t i = 0; i < n; i++) to[i * d] = from[i * s]; \
    } \
  } \
  typedef type lanes_##bits __attribute__((vector_size(SQUARE * sizeof(type)), aligned(sizeof(type)))); \
  /* Along axis 0 the source, along axis 1 the destination is contiguous. */ \
  CLONES static void square_##bits( \
      const axis *axes, int64_t first, int64_t n, const char *source, char *destination) { \
    int64_t s = axes[1].source, d = axes[0].destination, width = axes[1].extent; \
    for (int64_t block = 0; block < width; block += BAND) { \
      int64_t end = width - block < BAND ? width : block + BAND; \
      for (int64_t i = first; i < first + n; i += SQUARE) { \
        for (int64_t j = block; j < end; j += SQUARE) { \
          const type *from = (const type *)source + i + j * s; \
          type *to = (type *)destination + i * d + j; \
          if (first + n - i < SQUARE || end - j < SQUARE) { \
            int64_t rows = first + n - i < SQUARE ? first + n - i : SQUARE; \
            int64_t columns = end - j < SQUARE ? end - j : SQUARE; \
            for (int64_t x = 0; x < rows; x++) \
              for (int64_t y = 0; y < columns; y++) to[x * d + y] = from[y * s + x]; \
            continue; \
          } \
          lanes_##bits v[SQUARE]; \
          _Pragma("unroll") for (int y = 0; y < SQUARE; y++) \
              v[y] = *(const lanes_##bits *)(from + y * s); \
          SHUFFLES(lanes_##bits, v) \
          _Pragma("unroll") for (int x = 0; x < SQUARE; x++) \
              *(lanes_##bits *)(to + x * d) = v[x]; \
        } \
      } \
    } \
  } \
  CLONES static void fill_##bits(char *destination, int64_t n, uint64_t value) { \
    type *to = (type *)destination; \
    for (int64_t i = 0; i < n; i++) to[i] = (type)value; \
  }

LOOPS(uint8_t, 8)
LOOPS(uint16_t, 16)
LOOPS(uint32_t, 32)
LOOPS(uint64_t, 64)

#define BY_SIZE(size, name) \
  ((size) == 1 ? name##_8 : (size) == 2 ? name##_16 : (size) == 4 ? name##_32 : name##_64)

static void take_axes(plan *p, const assembly_part *part) {
  for (int i = 0; i < part->rank; i++) {
    if (part->extents[i] == 1) continue;
    axis a = {part->extents[i], part->source.strides[i], part->destination.strides[i]};
    int at = p->rank++;
    // Axes along which the destination does not advance (there are none of more elements than
    // one) would stay where they are.
    for (; at > 0 && llabs(p->axes[at - 1].destination) < llabs(a.destination); at--)
      p->axes[at] = p->axes[at - 1];
    p->axes[at] = a;
  }
  int rank = 0;
  for (int i = 0; i < p->rank; i++) {
    axis a = p->axes[i];
    axis *before = rank > 0 ? &p->axes[rank - 1] : NULL;
    if (before && before->source == a.source * a.extent &&
        before->destination == a.destination * a.extent) {
      *before = (axis){before->extent * a.extent, a.source, a.destination};
    } else {
      p->axes[rank++] = a;
    }
  }
  p->rank = rank;
  if (rank == 0) p->axes[p->rank++] = (axis){1, 1, 1};
}

// Brings the axis along which the source is contiguous next to the last one, if that makes squares.
static bool arrange_squares(plan *p) {
  axis last = p->axes[p->rank - 1];
  if (last.destination != 1 || last.source == 1 || last.extent < 4) return false;
  for (int i = 0; i < p->rank - 1; i++) {
    axis a = p->axes[i];
    if (a.source != 1 || a.extent < 4) continue;
    for (; i < p->rank - 2; i++) p->axes[i] = p->axes[i + 1];
    p->axes[i] = a;
    return true;
  }
  return false;
}

static void copy_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const plan *p = context;
  const axis *inner = p->axes + p->rank - p->inner;
  int64_t end = minimum((chunk + 1) * p->chunk_calls, p->calls);
  for (int64_t call = chunk * p->chunk_calls; call < end; call++) {
    int64_t first = call % p->pieces * p->piece;
    int64_t index = call / p->pieces;
    int64_t source = 0, destination = 0;
    for (int i = p->rank - p->inner - 1; i >= 0; i--) {
      int64_t at = index % p->axes[i].extent;
      index /= p->axes[i].extent;
      source += at * p->axes[i].source;
      destination += at * p->axes[i].destination;
    }
    p->move(
        inner, first, minimum(p->piece, inner->extent - first), p->source + source * p->size,
        p->destination + destination * p->size);
  }
}

void assembly_copy(const assembly_part *part, const void *source, void *destination) {
  int64_t count = 1;
  for (int i = 0; i < part->rank; i++) count *= part->extents[i];
  if (count == 0) return;
  plan p = {.size = part->element_size, .inner = 1, .calls = 1};
  p.source = (const char *)source + part->source.offset * p.size;
  p.destination = (char *)destination + part->destination.offset * p.size;
  take_axes(&p, part);
  p.move = BY_SIZE(p.size, line);
  if (arrange_squares(&p)) {
    p.inner = 2;
    p.move = BY_SIZE(p.size, square);
  }
  for (int i = 0; i < p.rank - p.inner; i++) p.calls *= p.axes[i].extent;
  const axis *inner = p.axes + p.rank - p.inner;
  int64_t row = p.size * (p.inner == 2 ? inner[1].extent : 1);
  p.piece = minimum(inner->extent, maximum(1, quotient(CHUNK, row * 4 * SQUARE)) * 4 * SQUARE);
  p.pieces = quotient(inner->extent, p.piece);
  p.calls *= p.pieces;
  p.chunk_calls = maximum(1, CHUNK / (row * p.piece));
  int64_t chunks = quotient(p.calls, p.chunk_calls);
  if (count * p.size > ALONE)
    threads_run(chunks, copy_chunk, &p);
  else
    for (int64_t chunk = 0; chunk < chunks; chunk++) copy_chunk(&p, chunk, 0);
}

typedef struct {
  char *destination;
  int64_t count, each;
  int32_t size;
  uint64_t value;
} filling;

static void fill_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const filling *f = context;
  int64_t first = chunk * f->each;
  BY_SIZE(f->size, fill)(f->destination + first * f->size, minimum(f->each, f->count - first), f->value);
}

void assembly_fill(void *destination, int64_t count, int32_t element_size, uint64_t value) {
  filling f = {destination, count, CHUNK / element_size, element_size, value};
  if (count > 0) threads_run(quotient(count, f.each), fill_chunk, &f);
}
