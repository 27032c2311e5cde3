#include "matmul.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "matmul_processor.h"
#include "scratch.h"
#include "threads.h"

// The most columns that are combined at a time.
enum { COMBINED = 256 };

#if defined(__x86_64__)
#define TARGET \
  __attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,bmi,bmi2")))
#define NAME(x) x##_avx512
#define LANES 16
#define ROWS 14
#define INNER 384
#define BLOCK 512
#define MOST 12
#define FEWEST 3
#include "matmul_tile.h"

#define TARGET __attribute__((target("avx2,fma,bmi,bmi2")))
#define NAME(x) x##_avx2
#define LANES 8
#define ROWS 6
#define INNER 256
#define BLOCK 256
#define MOST 32
#define FEWEST 8
#include "matmul_tile.h"

const struct processor *matmul_processor(void) {
  if (__builtin_cpu_supports("x86-64-v4")) return &processor_avx512;
  if (__builtin_cpu_supports("x86-64-v3")) return &processor_avx2;
  return NULL;
}
#else
const struct processor *matmul_processor(void) { return NULL; }
#endif

bool matmul_is_native(void) { return matmul_processor() != NULL; }

enum {
  // Packed columns of the right matrix in memory at a time, and their bytes.
  WIDE = 4096,
  PACKED = 64 << 20,
  // The most panels of rows for which the right matrix need not be packed.
  DIRECT = 6,
  // Below so many multiplications other threads are not worth waking.
  ALONE = 1 << 19,
};

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t maximum(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }
static int64_t multiple(int64_t a, int64_t b) { return quotient(a, b) * b; }

static const float *at(struct matrix_f32 m, int64_t i, int64_t j) {
  return m.transposed ? m.data + j * m.stride + i : m.data + i * m.stride + j;
}

struct plan {
  const struct matmul_f32 *product;
  const struct processor *processor;
  // Steps along the summed index, which are of equal length but for the last.
  int64_t step;
  // What one chunk computes, and the fewest panels of rows of one.
  int64_t chunk_columns, small;
  // Rows of a panel: all are about as high.
  int64_t height;
  // The part of the right matrix that is packed now.
  int64_t column, columns, first, inner;
  bool is_last;
  float *packed;
  int64_t pack_width;
};

static void run(const struct plan *plan, int64_t chunks, void (*body)(void *, int64_t, int)) {
  const struct matmul_f32 *p = plan->product;
  if (p->rows * p->columns * p->inner > ALONE) {
    threads_run(chunks, body, (void *)plan);
  } else {
    for (int64_t chunk = 0; chunk < chunks; chunk++) body((void *)plan, chunk, 0);
  }
}

// Where the panels of step `first` start, among panels `width` columns wide in all.
static float *packed_step(const struct plan *plan, int64_t first, int64_t width) {
  return plan->packed + (first - plan->first) * width;
}

// Many rows: the right matrix is packed by all, then each chunk of rows packs its own.

static void pack_right(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const struct matmul_f32 *p = plan->product;
  int64_t width = multiple(plan->columns, plan->processor->columns);
  int64_t across = quotient(plan->columns, plan->pack_width);
  int64_t first = plan->first + chunk / across * plan->step;
  int64_t column = chunk % across * plan->pack_width;
  int64_t k = minimum(plan->step, plan->first + plan->inner - first);
  plan->processor->pack_right(
      at(p->right, first, plan->column + column), p->right.stride, p->right.transposed,
      minimum(plan->pack_width, plan->columns - column), k,
      packed_step(plan, first, width) + column * k);
}

// Chunks of rows are large at first, so that few read all of the right matrix, and small in the end,
// so that the threads finish together. The first panel of one, and how many it has; with no panels
// left that is 0.
static int64_t first_panel(const struct plan *plan, int64_t chunk, int64_t *panels) {
  int64_t all = quotient(plan->product->rows, plan->height);
  int64_t size = maximum(plan->small, plan->processor->most);
  // Of the full size until eight such chunks are left.
  int64_t full = maximum(all / size - 8, 0);
  if (chunk < full) {
    *panels = size;
    return chunk * size;
  }
  for (int64_t first = full * size; first < all; full++) {
    size = maximum(minimum((all - first) / 8, plan->processor->most), plan->small);
    *panels = minimum(size, all - first);
    if (full == chunk) return first;
    first += size;
  }
  *panels = 0;
  return chunk;
}

static int64_t row_chunks(const struct plan *plan) {
  int64_t all = quotient(plan->product->rows, plan->height);
  int64_t chunks = maximum(all / maximum(plan->small, plan->processor->most) - 8, 0), panels;
  while (first_panel(plan, chunks, &panels), panels > 0) chunks++;
  return chunks;
}

static void multiply_rows(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const struct processor *processor = plan->processor;
  const struct matmul_f32 *p = plan->product;
  int64_t width = multiple(plan->columns, processor->columns);
  int64_t panels;
  int64_t row = first_panel(plan, chunk, &panels) * plan->height;
  int64_t rows = minimum(panels * plan->height, p->rows - row);
  float *left = scratch(scratch_left, panels * plan->step * processor->left_stride * 4);
  for (int64_t first = plan->first; first < plan->first + plan->inner; first += plan->step) {
    int64_t k = minimum(plan->step, plan->first + plan->inner - first);
    for (int64_t i = 0; i < panels; i++) {
      int height = (int)minimum(plan->height, rows - i * plan->height);
      processor->pack_left(
          at(p->left, row + i * plan->height, first), p->left.stride, !p->left.transposed,
          height, k, left + i * k * processor->left_stride);
    }
    const float *right = packed_step(plan, first, width);
    for (int64_t column = 0; column < plan->columns; column += processor->block)
      for (int64_t i = 0; i < panels; i++) {
        int height = (int)minimum(plan->height, rows - i * plan->height);
        processor->multiply(
            height, minimum(processor->block, plan->columns - column), k,
            left + i * k * processor->left_stride, right + column * k, processor->columns,
            processor->columns * k,
            p->result + (row + i * plan->height) * p->columns + plan->column + column,
            p->columns, first > 0);
      }
  }
  if (plan->is_last && p->finish)
    p->finish(p->context, p->first_row + row, rows, plan->column, plan->columns);
}

static void multiply_by_rows(struct plan *plan) {
  const struct matmul_f32 *p = plan->product;
  int64_t chunks = row_chunks(plan);
  int64_t depth = PACKED / 4 / minimum(p->columns, WIDE) / plan->step * plan->step;
  for (plan->column = 0; plan->column < p->columns; plan->column += WIDE) {
    plan->columns = minimum(WIDE, p->columns - plan->column);
    for (plan->first = 0; plan->first < p->inner; plan->first += depth) {
      plan->inner = minimum(depth, p->inner - plan->first);
      plan->is_last = plan->first + plan->inner == p->inner;
      run(plan,
          quotient(plan->inner, plan->step) * quotient(plan->columns, plan->pack_width),
          pack_right);
      run(plan, chunks, multiply_rows);
    }
  }
}

// Few rows: the left matrix is packed once, then each chunk of columns packs its own.

static void pack_left(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const struct matmul_f32 *p = plan->product;
  int64_t panels = quotient(p->rows, plan->height);
  int64_t first = chunk * plan->step;
  int64_t k = minimum(plan->step, p->inner - first);
  for (int64_t i = 0; i < panels; i++) {
    int64_t row = i * plan->height;
    plan->processor->pack_left(
        at(p->left, row, first), p->left.stride, !p->left.transposed,
        (int)minimum(plan->height, p->rows - row), k,
        packed_step(plan, first, panels * plan->processor->left_stride) +
            i * k * plan->processor->left_stride);
  }
}

static void multiply_columns(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const struct processor *processor = plan->processor;
  const struct matmul_f32 *p = plan->product;
  int64_t column = chunk * plan->chunk_columns;
  int64_t columns = minimum(plan->chunk_columns, p->columns - column);
  int64_t panels = quotient(p->rows, plan->height);
  float *right =
      scratch(scratch_right, multiple(columns, processor->columns) * plan->step * 4);
  for (int64_t first = 0; first < p->inner; first += plan->step) {
    int64_t k = minimum(plan->step, p->inner - first);
    // Few rows read it where it lies, if its rows do not fall on the same lines of the cache.
    bool packs = p->right.transposed || columns % processor->columns != 0 ||
                 panels > (p->right.stride % 1024 == 0 ? 2 : DIRECT);
    if (packs)
      processor->pack_right(
          at(p->right, first, column), p->right.stride, p->right.transposed, columns, k, right);
    for (int64_t i = 0; i < panels; i++) {
      int64_t row = i * plan->height;
      processor->multiply(
          (int)minimum(plan->height, p->rows - row), columns, k,
          packed_step(plan, first, panels * processor->left_stride) +
              i * k * processor->left_stride,
          packs ? right : at(p->right, first, column),
          packs ? processor->columns : p->right.stride,
          packs ? processor->columns * k : processor->columns,
          p->result + row * p->columns + column, p->columns, first > 0);
    }
  }
  if (p->finish) p->finish(p->context, p->first_row, p->rows, column, columns);
}

// A vector and a matrix.

struct vector_plan {
  const struct matmul_f32 *product;
  const struct processor *processor;
  struct matrix_f32 matrix;
  const float *vector;
  // Of the result, and of one chunk.
  int64_t length, width;
};

static void multiply_vector(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct vector_plan *plan = context;
  const struct matmul_f32 *p = plan->product;
  int64_t first = chunk * plan->width;
  int64_t n = minimum(plan->width, plan->length - first);
  // The matrix is stored with the result's axis outside, or inside if it is transposed.
  if (plan->matrix.transposed)
    plan->processor->combination(
        n, p->inner, plan->matrix.data + first, plan->matrix.stride, plan->vector,
        p->result + first);
  else
    plan->processor->dots(
        n, p->inner, plan->matrix.data + first * plan->matrix.stride, plan->matrix.stride,
        plan->vector, p->result + first);
  if (!p->finish) return;
  if (p->rows == 1)
    p->finish(p->context, p->first_row, 1, first, n);
  else
    p->finish(p->context, p->first_row + first, n, 0, 1);
}

static void multiply_by_vector(const struct matmul_f32 *p, const struct processor *processor) {
  bool is_left = p->rows == 1;
  struct matrix_f32 line = is_left ? p->left : p->right;
  struct vector_plan plan = {.product = p, .processor = processor};
  plan.matrix = is_left ? p->right : p->left;
  if (is_left) plan.matrix.transposed = !plan.matrix.transposed;
  plan.length = is_left ? p->columns : p->rows;
  plan.vector = line.data;
  if (line.transposed == is_left && line.stride != 1) {
    float *copy = scratch(scratch_left, p->inner * 4);
    for (int64_t i = 0; i < p->inner; i++) copy[i] = line.data[i * line.stride];
    plan.vector = copy;
  }
  plan.width = COMBINED;
  if (!plan.matrix.transposed)
    plan.width = maximum(1, ALONE / 8 / p->inner);
  int64_t chunks = quotient(plan.length, plan.width);
  if (plan.length * p->inner > ALONE / 8)
    threads_run(chunks, multiply_vector, &plan);
  else
    for (int64_t chunk = 0; chunk < chunks; chunk++) multiply_vector(&plan, chunk, 0);
}

static bool has_few_rows(const struct processor *processor, int64_t rows, int64_t columns) {
  return rows <= 12 * processor->rows && columns >= 2 * rows;
}

int64_t matmul_workspace(int64_t rows, int64_t columns, int64_t inner) {
  const struct processor *processor = matmul_processor();
  if (!processor || rows == 1 || columns == 1) return 0;
  if (has_few_rows(processor, rows, columns))
    return quotient(rows, processor->rows) * processor->left_stride * inner * 4 + 64;
  int64_t width = multiple(minimum(columns, WIDE), processor->columns);
  return minimum(width * inner * 4, PACKED + (width - minimum(columns, WIDE)) * 4 * inner) + 64;
}

void matmul_f32(const struct matmul_f32 *p) {
  if (p->rows == 0 || p->columns == 0) return;
  if (p->inner == 0) {
    memset(p->result, 0, (size_t)(p->rows * p->columns) * 4);
    if (p->finish) p->finish(p->context, p->first_row, p->rows, 0, p->columns);
    return;
  }
  struct plan plan = {.product = p, .processor = matmul_processor(), .inner = p->inner};
  const struct processor *processor = plan.processor;
  if (p->rows == 1 || p->columns == 1) {
    multiply_by_vector(p, processor);
    return;
  }
  plan.step = quotient(p->inner, quotient(p->inner, processor->inner));
  plan.height = quotient(p->rows, quotient(p->rows, processor->rows));
  plan.packed = (float *)(((uintptr_t)p->workspace + 63) & ~(uintptr_t)63);
  if (has_few_rows(processor, p->rows, p->columns)) {
    int64_t width = quotient(1 << 21, p->rows * p->inner);
    plan.chunk_columns = minimum(
        processor->block / 2, multiple(width > 0 ? width : 1, 4 * processor->columns));
    run(&plan, quotient(p->inner, plan.step), pack_left);
    run(&plan, quotient(p->columns, plan.chunk_columns), multiply_columns);
  } else {
    plan.small = maximum(
        p->columns * p->inner > 1 << 19 ? processor->fewest : 1,
        (1 << 17) / (plan.height * p->columns * p->inner));
    plan.pack_width = 8 * processor->columns;
    multiply_by_rows(&plan);
  }
}
