#include "patches.h"

#include <stddef.h>
#include <string.h>

#include "clones.h"
#include "threads.h"

// Elements that a chunk of rows touches at least, if there are as many; below ALONE other threads
// are not worth waking.
enum { CHUNK = 1 << 15, ALONE = 1 << 13 };

typedef struct {
  const patches_shape *shape;
  int64_t size;
  bool is_float64;
  const char *input;
  char *result;
  int64_t rows, share;
} job;

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t maximum(int64_t a, int64_t b) { return a > b ? a : b; }

static void run_rows(
    job *j, void (*body)(void *, int64_t, int), int64_t rows, int64_t elements) {
  if (rows == 0 || elements == 0) return;
  j->rows = rows;
  j->share = elements < ALONE ? rows : maximum(1, (CHUNK * rows + elements - 1) / elements);
  threads_run((rows + j->share - 1) / j->share, body, j);
}

// What a window at column position `start` sees of one row of the image.
static void copy_line(const job *j, const char *line, int64_t start, char *to) {
  const patches_window *w = &j->shape->columns;
  const int64_t bytes = j->shape->channels * j->size;
  if (w->dilation == 1) {
    const int64_t skipped = minimum(maximum(-start, 0), w->taps);
    const int64_t end = maximum(minimum(w->taps, w->input - start), skipped);
    memset(to, 0, (size_t)(skipped * bytes));
    memcpy(to + skipped * bytes, line + (start + skipped) * bytes, (size_t)((end - skipped) * bytes));
    memset(to + end * bytes, 0, (size_t)((w->taps - end) * bytes));
    return;
  }
  for (int64_t b = 0; b < w->taps; b++) {
    const int64_t column = start + b * w->dilation;
    if (column < 0 || column >= w->input)
      memset(to + b * bytes, 0, (size_t)bytes);
    else
      memcpy(to + b * bytes, line + column * bytes, (size_t)bytes);
  }
}

static void copy_row(const job *j, int64_t row) {
  const patches_shape *s = j->shape;
  const int64_t image = row / s->rows.output * s->rows.input;
  const int64_t top = row % s->rows.output * s->rows.stride - s->rows.before;
  const int64_t line = s->columns.taps * s->channels * j->size;
  char *to = j->result + row * s->columns.output * s->rows.taps * line;
  for (int64_t k = 0; k < s->columns.output; k++)
    for (int64_t a = 0; a < s->rows.taps; a++, to += line) {
      const int64_t r = top + a * s->rows.dilation;
      if (r < 0 || r >= s->rows.input)
        memset(to, 0, (size_t)line);
      else
        copy_line(
            j, j->input + (image + r) * s->columns.input * s->channels * j->size,
            k * s->columns.stride - s->columns.before, to);
    }
}

static void copy_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const job *j = context;
  const int64_t start = chunk * j->share;
  for (int64_t row = start; row < minimum(start + j->share, j->rows); row++) copy_row(j, row);
}

void patches_copy(const patches_shape *s, int32_t size, const void *input, void *patches) {
  job j = {.shape = s, .size = size, .input = input, .result = patches};
  const int64_t rows = s->batch * s->rows.output;
  run_rows(
      &j, copy_chunk, rows,
      rows * s->columns.output * s->rows.taps * s->columns.taps * s->channels);
}

// The window whose tap sees `position`, or -1.
INLINE int64_t seeing(const patches_window *w, int64_t position, int64_t tap) {
  const int64_t start = position + w->before - tap * w->dilation;
  if (start < 0 || start % w->stride != 0) return -1;
  return start / w->stride < w->output ? start / w->stride : -1;
}

#define FOLD(name, T) \
  CLONES static void name(const job *j, int64_t row) { \
    const patches_shape *s = j->shape; \
    const int64_t n = row / s->rows.input, r = row % s->rows.input; \
    const int64_t channels = s->channels; \
    for (int64_t k = 0; k < s->columns.input; k++) { \
      T *restrict to = (T *)j->result + (row * s->columns.input + k) * channels; \
      for (int64_t c = 0; c < channels; c++) to[c] = 0; \
      for (int64_t a = 0; a < s->rows.taps; a++) { \
        const int64_t i = seeing(&s->rows, r, a); \
        if (i < 0) continue; \
        for (int64_t b = 0; b < s->columns.taps; b++) { \
          const int64_t at = seeing(&s->columns, k, b); \
          if (at < 0) continue; \
          const int64_t window = (n * s->rows.output + i) * s->columns.output + at; \
          const int64_t tap = (window * s->rows.taps + a) * s->columns.taps + b; \
          const T *restrict from = (const T *)j->input + tap * channels; \
          for (int64_t c = 0; c < channels; c++) to[c] += from[c]; \
        } \
      } \
    } \
  }

FOLD(fold_float32, float)
FOLD(fold_float64, double)

static void fold_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const job *j = context;
  const int64_t start = chunk * j->share;
  for (int64_t row = start; row < minimum(start + j->share, j->rows); row++)
    (j->is_float64 ? fold_float64 : fold_float32)(j, row);
}

void patches_fold(
    const patches_shape *s, bool is_float64, const void *patches, void *result) {
  job j = {.shape = s, .is_float64 = is_float64, .input = patches, .result = result};
  const int64_t rows = s->batch * s->rows.input;
  const int64_t taps = s->rows.output * s->columns.output * s->rows.taps * s->columns.taps;
  run_rows(
      &j, fold_chunk, rows,
      s->batch * s->channels * maximum(taps, s->rows.input * s->columns.input));
}
