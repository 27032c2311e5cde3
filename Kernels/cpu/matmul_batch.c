#include "matmul.h"

#include "threads.h"

// Many products of one shape: large ones one after the other, each on all threads; small ones
// several a chunk, each on the thread that takes it.

// Multiplications that one chunk does at least.
enum { ALONE = 1 << 19 };

static int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t maximum(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct batch_plan {
  const struct matmul_f32 *product;
  const int64_t *left_offsets, *right_offsets;
  int64_t count, each;
};

static struct matmul_f32 member(const struct batch_plan *plan, int64_t index) {
  struct matmul_f32 product = *plan->product;
  product.left.data += plan->left_offsets[index];
  product.right.data += plan->right_offsets[index];
  product.result += index * product.rows * product.columns;
  product.first_row += index * product.rows;
  return product;
}

static void multiply_members(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct batch_plan *plan = context;
  int64_t end = minimum((chunk + 1) * plan->each, plan->count);
  for (int64_t index = chunk * plan->each; index < end; index++) {
    struct matmul_f32 product = member(plan, index);
    matmul_alone_f32(&product);
  }
}

void matmul_batch_f32(
    const struct matmul_f32 *p, int64_t count, const int64_t *left_offsets,
    const int64_t *right_offsets) {
  struct batch_plan plan = {p, left_offsets, right_offsets, count, 1};
  int64_t work = maximum(1, p->rows * p->columns * p->inner);
  if (work > 1 << 24 || count == 1) {
    for (int64_t index = 0; index < count; index++) {
      struct matmul_f32 product = member(&plan, index);
      matmul_f32(&product);
    }
    return;
  }
  plan.each = quotient(ALONE, work);
  threads_run(quotient(count, plan.each), multiply_members, &plan);
}
