#include "convolution_packed.h"

#include <string.h>

#include "scratch.h"
#include "threads.h"

// The gradient of a filter where the processor multiplies tiles of bfloat16: patches, turned
// around, times gradients, summed over positions. Some channels of a tap at many positions are
// packed while those before are multiplied. Positions are shared out among a fixed number of teams,
// each with a sum of its own, and the sums are added in order.

enum {
  // Teams at most, the bytes of all their sums, and chunks at least.
  TEAMS = 8,
  SUMS = 4 << 20,
  CHUNKS = 8,
  // Floats that are added up at a time.
  ADDED = 1 << 14,
};

struct plan {
  const convolution_work *work;
  const struct processor *product;
  // Panels of channels of one tap, and of all; numbers of the gradient, and positions.
  int64_t tap_panels, panels, count, positions;
  // Teams, and into how many shares the panels of each are cut.
  int64_t teams, shares;
  // [team][tap][input][output]
  float *sums;
};

static struct plan make_plan(const convolution_shape *s) {
  struct plan plan = {.product = matmul_bfloat16()};
  plan.tap_panels = s->inputs / plan.product->rows;
  plan.panels = s->rows.taps * s->columns.taps * plan.tap_panels;
  plan.count = s->rows.taps * s->columns.taps * s->inputs * s->outputs;
  plan.positions = s->batch * s->rows.output * s->columns.output;
  int64_t steps = quotient(plan.positions, plan.product->inner);
  plan.teams = maximum(1, minimum(minimum(TEAMS, SUMS / (plan.count * 4)), steps));
  plan.shares = minimum(quotient(CHUNKS, plan.teams), plan.panels);
  return plan;
}

// Where the pixels lie that the tap sees from `count` positions.
static void put_pixels(
    const struct plan *plan, int64_t tap, int64_t first, int64_t count, const float *zeros,
    const float **to) {
  const convolution_shape *s = &plan->work->shape;
  const float *data = plan->work->first;
  int64_t down = tap / s->columns.taps * s->rows.dilation - s->rows.before;
  int64_t across = tap % s->columns.taps * s->columns.dilation - s->columns.before;
  int64_t column = first % s->columns.output, row = first / s->columns.output;
  int64_t image = row / s->rows.output;
  row %= s->rows.output;
  while (count > 0) {
    int64_t y = row * s->rows.stride + down, x = column * s->columns.stride + across;
    const float *line = data + (image * s->rows.input + y) * s->columns.input * s->inputs;
    bool is_inside = y >= 0 && y < s->rows.input;
    int64_t end = minimum(s->columns.output, column + count);
    count -= end - column;
    for (; column < end; column++, x += s->columns.stride)
      *to++ = is_inside && x >= 0 && x < s->columns.input ? line + x * s->inputs : zeros;
    column = 0;
    if (++row < s->rows.output) continue;
    row = 0;
    image++;
  }
}

// Some positions of a team.
struct step {
  int64_t first, count;
};

static struct left left_of(
    const struct plan *plan, int64_t panel, bool is_first, struct step step, const float *zeros,
    const float **pixels) {
  int64_t part = panel % plan->tap_panels;
  // The panel before was another tap's, or there is none.
  if (part == 0 || is_first)
    put_pixels(plan, panel / plan->tap_panels, step.first, step.count, zeros, pixels);
  return (struct left){
      .rows = plan->product->rows, .k = step.count, .starts = pixels,
      .offset = part * plan->product->rows};
}

static void add_products(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const convolution_shape *s = &plan->work->shape;
  const struct processor *product = plan->product;
  int64_t team = chunk / plan->shares, share = chunk % plan->shares;
  int64_t begin = plan->panels * share / plan->shares;
  int64_t end = plan->panels * (share + 1) / plan->shares;
  // Positions of the team, in whole steps of tiles.
  int64_t all = quotient(plan->positions, product->grain);
  int64_t from = all * team / plan->teams * product->grain;
  int64_t to = minimum(plan->positions, all * (team + 1) / plan->teams * product->grain);
  int64_t length =
      multiple(quotient(to - from, quotient(to - from, product->inner)), product->grain);
  float *zeros = scratch(scratch_left, s->inputs * 4 + product->inner * 8);
  memset(zeros, 0, (size_t)s->inputs * 4);
  const float **pixels = (const float **)(zeros + s->inputs);
  float *left = scratch(scratch_product, 2 * product->left_size * 4);
  float *other = left + product->left_size;
  int64_t block = minimum(product->block, multiple(s->outputs, product->columns));
  float *right = scratch(scratch_right, product->depth(length) * block * 4);

  for (int64_t column = 0; column < s->outputs; column += block) {
    int64_t columns = minimum(block, s->outputs - column);
    struct step step = {from, minimum(length, to - from)};
    struct left first = left_of(plan, begin, true, step, zeros, pixels);
    product->pack_left(&first, left);
    while (step.count > 0) {
      int64_t panel_size = product->depth(step.count) * product->columns;
      product->pack_right(
          (const float *)plan->work->second + step.first * s->outputs + column, s->outputs,
          false, columns, step.count, right, panel_size);
      struct step then = {step.first + step.count};
      then.count = minimum(length, to - then.first);
      for (int64_t panel = begin; panel < end; panel++) {
        struct strip strip = {
            .rows = product->rows, .adds = step.first > from, .k = step.count,
            .columns = columns, .right = right, .right_panel = panel_size,
            .result = plan->sums + team * plan->count +
                panel * product->rows * s->outputs + column,
            .result_stride = s->outputs,
        };
        if (panel + 1 < end)
          strip.next = left_of(plan, panel + 1, false, step, zeros, pixels);
        else if (then.count > 0)
          strip.next = left_of(plan, begin, true, then, zeros, pixels);
        product->multiply(&strip, left, other);
        float *done = left;
        left = other;
        other = done;
      }
      step = then;
    }
  }
}

CLONES static void add_sums(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const float *sums = plan->sums;
  float *result = plan->work->result;
  int64_t end = minimum((chunk + 1) * ADDED, plan->count);
  for (int64_t i = chunk * ADDED; i < end; i++) {
    float sum = sums[i];
    for (int64_t team = 1; team < plan->teams; team++) sum += sums[team * plan->count + i];
    result[i] = sum;
  }
}

int64_t packed_filter_gradient_workspace(const convolution_shape *s) {
  struct plan plan = make_plan(s);
  return plan.teams > 1 ? plan.teams * plan.count * 4 + 64 : 0;
}

void packed_filter_gradient(const convolution_work *work) {
  struct plan plan = make_plan(&work->shape);
  plan.work = work;
  plan.sums = plan.teams > 1 ? aligned(work->workspace) : work->result;
  threads_run(plan.teams * plan.shares, add_products, &plan);
  if (plan.teams > 1) threads_run(quotient(plan.count, ADDED), add_sums, &plan);
}
