#include "recurrence.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "../common/elementary.h"
#include "../common/elementary_float64.h"
#include "clones.h"
#include "matmul_processor.h"
#include "scratch.h"
#include "threads.h"

// A recurrence runs along time for some rows of the batch at once, the whole sequence in one
// region: rows know nothing of each other, so that threads never wait, and a row's bits do not
// depend on what the rows beside it hold. What is read at each step, the recurrent kernel, is packed
// once.

enum {
  // The most rows that are taken through time together.
  ROWS = 48,
  // Of so many, each thread's fill the tiles of `matmul_bfloat16`, for units that fill them too.
  TILED_ROWS = 16,
  TILED_UNITS = 32,
  // Below so many multiplications other threads are not worth waking; what each gets of one step.
  ALONE = 1 << 16,
  SHARE = 1 << 18,
};

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t maximum(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }
static int64_t multiple(int64_t a, int64_t b) { return quotient(a, b) * b; }

static int64_t gate_count(const recurrence_shape *shape) {
  return shape->kind == recurrence_lstm ? 4 : shape->kind == recurrence_gru ? 3 : 1;
}

// The place of a step in memory, and that of the step before it; -1 for none.
static int64_t place(const recurrence_shape *shape, int64_t step) {
  if (step < 0) return -1;
  return shape->is_reversed ? shape->steps - 1 - step : step;
}

// A matrix that many rows are multiplied with: the recurrent kernel [inner, columns], or its
// transpose.
struct matrix {
  // NULL: not packed, [inner][columns] in memory.
  const struct processor *processor;
  const void *data;
  int64_t inner, columns;
  // What it is made of.
  const void *kernel;
  bool is_transposed;
};

static int64_t packed_width(const struct matrix *m) {
  return m->processor ? multiple(m->columns, m->processor->columns) : m->columns;
}

// Of each packed column.
static int64_t packed_depth(const struct matrix *m, int64_t inner) {
  return m->processor ? m->processor->depth(inner) : inner;
}

// The panels of `chunk`, which is one step along the summed index.
static void pack(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct matrix *m = context;
  const struct processor *processor = m->processor;
  int64_t first = chunk * processor->inner;
  int64_t stride = m->is_transposed ? m->inner : m->columns;
  int64_t k = minimum(processor->inner, m->inner - first);
  processor->pack_right(
      (const float *)m->kernel + (m->is_transposed ? first : first * stride), stride,
      m->is_transposed, m->columns, k,
      (float *)m->data + packed_depth(m, first) * packed_width(m),
      processor->columns * processor->depth(k));
}

// One step along the summed index of a product, whose columns are shared out.
struct part {
  const struct matrix *matrix;
  int64_t rows, k, width;
  // The panels of the left matrix, and the first one of the right, `panel` floats from the next.
  const float *left, *right;
  int64_t panel;
  float *result;
  int64_t result_stride;
  bool adds;
};

static int64_t panel_count(const struct part *part) {
  return quotient(part->rows, part->matrix->processor->rows);
}

// The rows of panel `i`, the first of which is `row`: all panels are about as high.
static int height(const struct part *part, int64_t i, int64_t row) {
  int64_t left = panel_count(part) - i;
  return (int)((part->rows - row + left - 1) / left);
}

static void multiply_columns(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct part *part = context;
  const struct processor *processor = part->matrix->processor;
  int64_t column = chunk * part->width;
  const float *right = part->right + column / processor->columns * part->panel;
  struct strip strip = {
      .left_across = true,
      .adds = part->adds,
      .k = part->k,
      .columns = minimum(part->width, part->matrix->columns - column),
      .left_stride = processor->left_stride,
      .right = right,
      .right_stride = processor->columns,
      .right_panel = part->panel,
      .result_stride = part->result_stride,
  };
  strip.edge = right + strip.columns / processor->columns * part->panel;
  for (int64_t i = 0, row = 0; i < panel_count(part); i++, row += strip.rows) {
    strip.rows = height(part, i, row);
    strip.result = part->result + row * part->result_stride + column;
    processor->multiply(&strip, part->left + i * processor->left_size, NULL);
  }
}

// result = left · matrix, or added to it, the inner index from `first` on; rows of the left one are
// `stride` apart.
static void multiply_packed(
    const struct matrix *m, int64_t rows, const float *left, int64_t stride, int64_t first,
    int64_t inner, float *result, int64_t result_stride, bool adds) {
  const struct processor *processor = m->processor;
  struct part part = {
      .matrix = m, .rows = rows, .result = result, .result_stride = result_stride, .adds = adds};
  int64_t count = panel_count(&part);
  float *packed = scratch(scratch_left, count * processor->left_size * 4);
  part.left = packed;
  for (int64_t end = first + inner; first < end; first += part.k, left += part.k) {
    // Panels of the right matrix begin at multiples of the step.
    int64_t step = first / processor->inner * processor->inner;
    int64_t depth = minimum(processor->inner, m->inner - step);
    part.k = minimum(step + depth, end) - first;
    part.panel = processor->columns * processor->depth(depth);
    part.right = (const float *)m->data + packed_depth(m, step) * packed_width(m) +
                 packed_depth(m, first - step) * processor->columns;
    for (int64_t i = 0, row = 0, high; i < count; i++, row += high) {
      high = height(&part, i, row);
      struct left panel = {
          .from = left + row * stride, .stride = stride, .across = true, .rows = (int)high,
          .k = part.k};
      processor->pack_left(&panel, packed + i * processor->left_size);
    }
    // Where all rows are taken by one thread, a large product is worth the others at every step.
    // Inside of a region that is the calling thread again.
    part.width = multiple(quotient(SHARE, rows * part.k), 4 * processor->columns);
    threads_run(quotient(m->columns, part.width), multiply_columns, &part);
    part.adds = true;
  }
}

// How work is cut, and what all chunks read.
struct plan {
  const recurrence_shape *shape;
  const recurrence_call *call;
  const recurrence_gradient_call *gradient;
  struct matrix matrix;
  // As many zeros as there are units.
  const void *zeros;
  int64_t rows, chunks;
};

#define T float
#define NAME(x) x##_float32
#define TANH elementary_tanh
#define SIGMOID elementary_sigmoid
#define RELU elementary_relu
#define FMA __builtin_fmaf
#include "recurrence_type.h"

#define T double
#define NAME(x) x##_float64
#define TANH tanh
#define SIGMOID elementary_sigmoid64
#define RELU elementary_relu64
#define FMA __builtin_fma
#include "recurrence_type.h"

static int64_t element_size(const recurrence_shape *shape) { return shape->is_double ? 8 : 4; }

// Which one does not depend on the number of threads, or bits would.
static const struct processor *processor_of(const recurrence_shape *shape) {
  if (shape->is_double) return NULL;
  bool fills_tiles = shape->batch >= 2 * TILED_ROWS && shape->units % TILED_UNITS == 0;
  const struct processor *tiled = fills_tiles ? matmul_bfloat16() : NULL;
  return tiled ? tiled : matmul_processor();
}

int64_t recurrence_workspace(const recurrence_shape *shape) {
  int64_t columns = gate_count(shape) * shape->units;
  const struct processor *processor = processor_of(shape);
  int64_t across = processor ? processor->columns : 1, units = shape->units;
  int64_t size = maximum(
      (processor ? processor->depth(units) : units) * multiple(columns, across),
      (processor ? processor->depth(columns) : columns) * multiple(units, across));
  return (size + shape->units) * element_size(shape) + 128;
}

static void run(struct plan *plan, const void *kernel, bool is_transposed, void *workspace) {
  const recurrence_shape *shape = plan->shape;
  if (shape->batch == 0) return;
  int64_t columns = gate_count(shape) * shape->units;
  struct matrix *m = &plan->matrix;
  *m = (struct matrix){
      .processor = processor_of(shape), .kernel = kernel, .is_transposed = is_transposed};
  m->inner = is_transposed ? columns : shape->units;
  m->columns = is_transposed ? shape->units : columns;
  char *memory = (char *)(((uintptr_t)workspace + 63) & ~(uintptr_t)63);
  char *zeros = memory + packed_depth(m, m->inner) * packed_width(m) * element_size(shape);
  memset(zeros, 0, (size_t)(shape->units * element_size(shape)));
  plan->zeros = zeros;
  m->data = memory;
  if (m->processor)
    threads_run(quotient(m->inner, m->processor->inner), pack, m);
  else if (!is_transposed)
    m->data = kernel;
  else if (shape->is_double)
    transpose_float64(shape->units, columns, kernel, (double *)memory);
  else
    transpose_float32(shape->units, columns, kernel, (float *)memory);
  int64_t threads = threads_count();
  if (shape->batch * shape->steps * shape->units * columns < ALONE) threads = 1;
  plan->chunks = threads * quotient(shape->batch, threads * ROWS);
  plan->rows = quotient(shape->batch, plan->chunks);
  if (m->processor && !m->processor->reads_unpacked)
    plan->rows = multiple(plan->rows, TILED_ROWS);
  plan->chunks = quotient(shape->batch, plan->rows);
  void (*body)(void *, int64_t, int) =
      is_transposed ? (shape->is_double ? backward_float64 : backward_float32)
                    : (shape->is_double ? forward_float64 : forward_float32);
  threads_run(plan->chunks, body, plan);
}

void recurrence_run(const recurrence_shape *shape, const recurrence_call *call) {
  struct plan plan = {.shape = shape, .call = call};
  run(&plan, call->kernel, false, call->workspace);
}

void recurrence_gradient_run(
    const recurrence_shape *shape, const recurrence_gradient_call *call) {
  struct plan plan = {.shape = shape, .gradient = call};
  run(&plan, call->kernel, true, call->workspace);
}
