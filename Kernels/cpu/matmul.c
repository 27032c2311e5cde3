#include "matmul.h"

#include <stdatomic.h>
#include <string.h>

#include "matmul_processor.h"
#include "scratch.h"
#include "threads.h"

// The most columns that are combined at a time.
enum { COMBINED = 256 };

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET \
  __attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,bmi,bmi2,prfchw")))
#define NAME(x) x##_avx512
#define LANES 16
#define ROWS 6
#define VECTORS 4
#define TILES 2
#define STEPS 1
#define INNER 512
#define BLOCK 512
#include "matmul_tile.h"

#define TARGET __attribute__((target("avx2,fma,bmi,bmi2,prfchw")))
#define NAME(x) x##_avx2
#define LANES 8
#define ROWS 6
#define VECTORS 2
#define TILES 8
#define STEPS 4
#define INNER 256
#define BLOCK 512
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
  // Below so many multiplications other threads are not worth waking.
  ALONE = 1 << 19,
  // So many along one step are worth going step by step, all threads together.
  LARGE = 1 << 27,
  // Chunks of a step for each thread, if threads share what they pack.
  PIECES = 12,
  // The most blocks of columns that are shared at a time, of 1 MiB each.
  BLOCKS = 8,
  // Rows of a chunk pay for packing its part of the right matrix.
  FEW = 128,
  // So much of the left matrix is read where it lies.
  SHORT = 128,
};

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t maximum(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }
static int64_t multiple(int64_t a, int64_t b) { return quotient(a, b) * b; }

static const float *at(struct matrix_f32 m, int64_t i, int64_t j) {
  return m.transposed ? m.data + j * m.stride + i : m.data + i * m.stride + j;
}

// A block of columns of the right matrix is packed for all threads by the first that comes to it.
enum { NOT_PACKED, BEING_PACKED, PACKED };

struct plan {
  const struct matmul_f32 *product;
  const struct processor *processor;
  // Steps along the summed index, which are of equal length but for the last.
  int64_t step;
  // What one chunk computes, chunks below each other and beside each other.
  int64_t rows, columns, down, across;
  bool packs_left;
  // The block of columns of each chunk beside another as packed, if threads share them, and in
  // which state they are; then chunks go along one step only, from `first` on.
  float *shared;
  int64_t block_size;
  _Atomic int *states;
  int64_t first;
};

// Where panel `i` of the `panels` of a chunk of `rows` rows starts: the first is as high as can be,
// since it packs the right matrix, and the others are about alike.
static int64_t panel_start(const struct plan *plan, int64_t rows, int64_t panels, int64_t i) {
  int64_t most = plan->processor->rows;
  if (i == 0) return 0;
  if (i == panels) return rows;
  if (i == 1 || !plan->processor->reads_unpacked) return i * most;
  return most + (i - 1) * (rows - most) / (panels - 1);
}

// The rows from `row` to `end`, from `first` of the summed index.
static struct left panel(const struct plan *plan, int64_t row, int64_t end, int64_t first) {
  const struct matmul_f32 *p = plan->product;
  return (struct left){
      .from = at(p->left, row, first),
      .stride = p->left.stride,
      .across = !p->left.transposed,
      .rows = (int)(end - row),
      .k = minimum(plan->step, p->inner - first),
  };
}

// A chunk packs its part of the right matrix while it multiplies its first panel of rows, unless
// another thread has packed it, and each panel while it multiplies the one before: what is read
// from afar is waited for in between.
static void multiply_chunk(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const struct processor *processor = plan->processor;
  const struct matmul_f32 *p = plan->product;
  // The chunks of a block of columns follow each other: a thread goes on with what it has in its
  // cache.
  int64_t row = chunk % plan->down * plan->rows;
  int64_t block = chunk / plan->down, column = block * plan->columns;
  int64_t rows = minimum(plan->rows, p->rows - row);
  int64_t columns = minimum(plan->columns, p->columns - column);
  int64_t panels = quotient(rows, processor->rows);
  int64_t end = plan->shared ? minimum(plan->first + plan->step, p->inner) : p->inner;
  float *left = scratch(scratch_left, 2 * processor->left_size * 4);
  float *other = left + processor->left_size;
  int64_t first_end = panel_start(plan, rows, panels, 1);
  struct left current = panel(plan, row, row + first_end, plan->first);
  if (plan->packs_left) processor->pack_left(&current, left);
  for (int64_t first = plan->first; first < end; first += plan->step) {
    int64_t k = current.k;
    // What it is if another thread has come before.
    int state = NOT_PACKED;
    bool owns = plan->shared &&
        atomic_compare_exchange_strong(&plan->states[block], &state, BEING_PACKED);
    float *packed = owns || state == PACKED
        ? plan->shared + block * plan->block_size
        : scratch(
              scratch_right,
              multiple(columns, processor->columns) * processor->depth(plan->step) * 4);
    // Columns that the first panel packs where they lie.
    int64_t whole = !processor->reads_unpacked || p->right.transposed ||
            first_end < processor->rows
        ? 0 : columns / processor->columns * processor->columns;
    if (state != PACKED && whole < columns)
      processor->pack_right(
          at(p->right, first, column + whole), p->right.stride, p->right.transposed,
          columns - whole, k, packed + whole * k, processor->columns * processor->depth(k));
    int64_t start = 0, next_start = first_end;
    for (int64_t i = 0; i < panels; i++) {
      bool is_last = i + 1 == panels;
      int64_t next_end = is_last ? first_end : panel_start(plan, rows, panels, i + 2);
      bool lies = i == 0 && whole > 0 && state != PACKED;
      struct left next = !is_last ? panel(plan, row + next_start, row + next_end, first)
          : first + k < end       ? panel(plan, row, row + next_end, first + k)
                                  : (struct left){};
      struct strip strip = {
          .rows = current.rows,
          .left_across = current.across,
          .adds = first > 0,
          .copies = lies && (owns || !is_last),
          .k = k,
          .columns = columns,
          .left_stride = plan->packs_left ? processor->left_stride : current.stride,
          .right = lies ? at(p->right, first, column) : packed,
          .right_stride = lies ? p->right.stride : processor->columns,
          .right_panel = processor->columns * (lies ? 1 : processor->depth(k)),
          .packed = packed,
          .edge = packed + columns / processor->columns * processor->columns * k,
          .result = p->result + (row + start) * p->columns + column,
          .result_stride = p->columns,
      };
      if (plan->packs_left) strip.next = next;
      processor->multiply(&strip, plan->packs_left ? left : current.from, other);
      if (owns && i == 0) atomic_store(&plan->states[block], PACKED);
      float *done = left;
      left = other;
      other = done;
      current = next;
      start = next_start;
      next_start = next_end;
    }
  }
  if (p->finish && end == p->inner)
    p->finish(p->context, p->first_row + row, rows, column, columns);
}

// The columns of a chunk at most: the shorter the steps, the more.
static int64_t widest(const struct plan *plan) {
  const struct processor *processor = plan->processor;
  if (processor->reads_unpacked) return processor->block;
  return maximum(1, processor->inner / plan->step) * processor->block;
}

// Chunks that share nothing: as large as gives each thread some.
static void cut(struct plan *plan, int64_t threads) {
  const struct matmul_f32 *p = plan->product;
  plan->down = 1;
  plan->across = quotient(p->columns, widest(plan));
  for (;;) {
    plan->rows = quotient(p->rows, plan->down);
    plan->columns =
        multiple(quotient(p->columns, plan->across), plan->processor->columns);
    plan->across = quotient(p->columns, plan->columns);
    plan->down = quotient(p->rows, plan->rows);
    if (plan->down * plan->across >= threads) return;
    if (plan->rows >= 2 * FEW)
      plan->down *= 2;
    else if (plan->columns >= 4 * plan->processor->columns)
      plan->across *= 2;
    else if (plan->rows >= 2 * plan->processor->rows)
      plan->down *= 2;
    else
      return;
  }
}

static void run(struct plan *plan, int64_t threads) {
  int64_t chunks = plan->down * plan->across;
  if (threads > 1)
    threads_run(chunks, multiply_chunk, plan);
  else
    for (int64_t chunk = 0; chunk < chunks; chunk++) multiply_chunk(plan, chunk, 0);
}

// Many chunks of few rows, step by step: cores are not equally fast all the time, and a thread that
// is done takes chunks of another's block, which is packed already.
static void run_shared(struct plan *plan, int64_t threads) {
  const struct matmul_f32 *p = plan->product;
  const struct processor *processor = plan->processor;
  _Atomic int states[BLOCKS];
  int64_t blocks = quotient(p->columns, processor->block);
  blocks = maximum(blocks, minimum(minimum(threads, BLOCKS), p->columns / 256));
  plan->columns = multiple(quotient(p->columns, blocks), processor->columns);
  plan->across = quotient(p->columns, plan->columns);
  int64_t wanted = quotient(PIECES * threads, plan->across);
  plan->rows = maximum(
      4 * processor->rows, multiple(quotient(p->rows, wanted), processor->rows));
  plan->down = quotient(p->rows, plan->rows);
  plan->block_size = plan->columns * processor->depth(plan->step);
  plan->shared = scratch(scratch_shared, plan->across * plan->block_size * 4);
  plan->states = states;
  for (plan->first = 0; plan->first < p->inner; plan->first += plan->step) {
    for (int64_t block = 0; block < plan->across; block++)
      atomic_store(&states[block], NOT_PACKED);
    run(plan, threads);
  }
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

static void multiply(const struct matmul_f32 *p, int64_t threads) {
  if (p->rows == 0 || p->columns == 0) return;
  if (p->inner == 0) {
    memset(p->result, 0, (size_t)(p->rows * p->columns) * 4);
    if (p->finish) p->finish(p->context, p->first_row, p->rows, 0, p->columns);
    return;
  }
  struct plan plan = {.product = p, .processor = matmul_processor()};
  if (p->rows == 1 || p->columns == 1) {
    multiply_by_vector(p, plan.processor);
    return;
  }
  const struct processor *tiles = matmul_bfloat16_for(p->rows, p->columns, p->inner);
  if (tiles) plan.processor = tiles;
  plan.step = multiple(
      quotient(p->inner, quotient(p->inner, plan.processor->inner)), plan.processor->grain);
  // Rows that fall on the same lines of the cache are packed even if they are short.
  plan.packs_left = !plan.processor->reads_unpacked || p->left.transposed ||
      p->inner > SHORT || p->left.stride % 1024 == 0;
  bool shares = threads > 1 && p->rows >= 4 * FEW &&
      p->rows * p->columns * plan.step >= LARGE && p->columns >= 2 * plan.processor->block &&
      p->columns <= BLOCKS * plan.processor->block;
  if (shares) {
    run_shared(&plan, threads);
  } else {
    cut(&plan, threads);
    run(&plan, threads);
  }
}

void matmul_f32(const struct matmul_f32 *p) {
  multiply(p, p->rows * p->columns * p->inner > ALONE ? threads_count() : 1);
}

void matmul_alone_f32(const struct matmul_f32 *p) { multiply(p, 1); }
