#include "pooling.h"

#include <stddef.h>

#include "clones.h"
#include "threads.h"

// Bytes that no cache holds until somebody reads them.
enum { STREAMED = 1 << 23 };

#define T float
#define INDEX int32_t
#define HAS_GRADIENT 1
#define NAME(x) float32_##x
#include "pooling_type.h"
#undef T
#undef INDEX
#undef NAME

#define T double
#define INDEX int64_t
#define NAME(x) float64_##x
#include "pooling_type.h"
#undef T
#undef INDEX
#undef HAS_GRADIENT
#undef NAME

#define T int32_t
#define INDEX int32_t
#define HAS_GRADIENT 0
#define NAME(x) int32_##x
#include "pooling_type.h"
#undef T
#undef INDEX
#undef NAME

#define T int64_t
#define INDEX int64_t
#define NAME(x) int64_##x
#include "pooling_type.h"

// Elements that a chunk of rows reads at least, if there are as many; below ALONE other threads are
// not worth waking.
enum { CHUNK = 1 << 15, ALONE = 1 << 13 };

// Some rows of results, on whichever thread.
typedef struct {
  const void *shape;
  void (*run)(const void *job, int64_t row);
  const void *first, *second;
  void *result, *winners;
  int64_t rows, share;
  bool streams;
} job;

static void run_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const job *j = context;
  const int64_t start = chunk * j->share;
  const int64_t end = start + j->share < j->rows ? start + j->share : j->rows;
  for (int64_t row = start; row < end; row++) j->run(j, row);
#if defined(__x86_64__)
  // What went past the caches is in no order with what tells that it is done.
  if (j->streams) __builtin_ia32_sfence();
#endif
}

// `elements` is what all rows read or write, whatever is more.
static void run_rows(job *j, int64_t rows, int64_t elements) {
  if (rows == 0 || elements == 0) return;
  j->rows = rows;
  const int64_t least = (CHUNK * rows + elements - 1) / elements;
  j->share = least < 1 ? 1 : least;
  if (elements < ALONE) j->share = rows;
  threads_run((rows + j->share - 1) / j->share, run_chunk, j);
}

static bool streams(
    const void *result, pooling_type type, int64_t positions, int64_t channels) {
  const int64_t size = type == pooling_float32 || type == pooling_int32 ? 4 : 8;
  const int64_t line = channels * size;
  return positions * line >= STREAMED && line % (line < 64 ? 16 : 64) == 0
         && (uintptr_t)result % 64 == 0;
}

static int64_t inputs(const pooling_shape *s) {
  return s->batch * s->input_rows * s->input_columns * s->channels;
}

static void maximum(const void *context, int64_t row) {
  static void (*const rows[])(const pooling_shape *, int64_t, bool, const void *, void *, void *) = {
      float32_maximum_row, float64_maximum_row, int32_maximum_row, int64_maximum_row};
  const job *j = context;
  const pooling_shape *s = j->shape;
  rows[s->type](s, row, j->streams, j->first, j->result, j->winners);
}

void pooling_maximum(const pooling_shape *s, const void *input, void *results, void *winners) {
  job j = {.shape = s, .run = maximum, .first = input, .result = results, .winners = winners};
  j.streams = streams(
      j.result, s->type, s->batch * s->output_rows * s->output_columns, s->channels);
  run_rows(&j, s->batch * s->output_rows, inputs(s));
}

static void spread(const void *context, int64_t row) {
  const job *j = context;
  const pooling_shape *s = j->shape;
  (s->type == pooling_float64 ? float64_spread_row : float32_spread_row)(
      s, row, j->streams, j->first, j->second, j->result);
}

void pooling_spread(
    const pooling_shape *s, const void *values, const void *winners, void *result) {
  job j = {.shape = s, .run = spread, .first = values, .second = winners, .result = result};
  j.streams =
      streams(result, s->type, s->batch * s->input_rows * s->input_columns, s->channels);
  run_rows(&j, s->batch * s->input_rows, inputs(s));
}

static void pick(const void *context, int64_t row) {
  const job *j = context;
  const pooling_shape *s = j->shape;
  (s->type == pooling_float64 ? float64_pick_row : float32_pick_row)(
      s, row, j->streams, j->first, j->second, j->result);
}

void pooling_pick(
    const pooling_shape *s, const void *input, const void *winners, void *values) {
  job j = {.shape = s, .run = pick, .first = input, .second = winners, .result = values};
  j.streams = streams(
      j.result, s->type, s->batch * s->output_rows * s->output_columns, s->channels);
  run_rows(&j, s->batch * s->output_rows, inputs(s));
}

static void sum(const void *context, int64_t row) {
  const job *j = context;
  const pooling_sum *s = j->shape;
  (s->type == pooling_float64 ? float64_sum_row : float32_sum_row)(s, row, j->streams, j->first, j->result);
}

void pooling_sum_run(const pooling_sum *s, const void *input, void *result) {
  job j = {.shape = s, .run = sum, .first = input, .result = result};
  const int64_t positions = s->input_rows * s->input_columns;
  const int64_t results = s->output_rows * s->output_columns;
  j.streams = streams(result, s->type, s->batch * results, s->channels);
  run_rows(
      &j, s->batch * s->output_rows,
      s->batch * (positions > results ? positions : results) * s->channels);
}
