#include "convolution_implicit.h"

#include <string.h>

#include "threads.h"

// The gradient of the filter as a product summed over positions: for each tap, neighbouring input
// channels times neighbouring outputs. Slabs of rows are added up by a fixed number of teams, each
// with a sum of its own, and the sums are added in order.

enum {
  // Teams at most, the bytes of all their sums, and positions of a slab.
  TEAMS = 16,
  SUMS = 4 << 20,
  SLAB = 256,
};

struct plan {
  const convolution_work *work;
  const struct convolution_processor *cpu;
  struct images images;
  // Channels of a group on both sides, and outputs of a group with what fills the last vector.
  int64_t depth, width, pitch;
  // Whether neighbouring taps are one run of channels; runs down the filter and across it.
  bool is_joined;
  int64_t taps_across, run;
  // Rows of a slab, slabs of an image, and all.
  int64_t slab_rows, slabs_down, slabs;
  // Teams, and into how many shares the sum of each is cut.
  int64_t teams, shares;
  // [team][group][tap · depth][pitch]
  float *sums;
};

static struct plan make_plan(const convolution_shape *s) {
  struct plan plan = {.cpu = convolution_processor()};
  plan.depth = s->inputs / s->groups;
  plan.width = s->outputs / s->groups;
  plan.pitch = multiple(plan.width, plan.cpu->lanes);
  plan.is_joined = s->groups == 1 && s->columns.dilation == 1;
  plan.taps_across = plan.is_joined ? 1 : s->columns.taps;
  plan.run = plan.is_joined ? s->columns.taps * plan.depth : plan.depth;
  plan.slab_rows = minimum(maximum(1, SLAB / maximum(s->columns.output, 1)), s->rows.output);
  plan.slabs_down = quotient(s->rows.output, maximum(plan.slab_rows, 1));
  plan.slabs = s->batch * plan.slabs_down;
  int64_t bytes =
      maximum(1, s->rows.taps * s->columns.taps * s->groups * plan.depth * plan.pitch * 4);
  plan.teams = maximum(1, minimum(minimum(TEAMS, SUMS / bytes), plan.slabs));
  plan.shares = quotient(8, plan.teams);
  return plan;
}

static int64_t sum_count(const struct plan *plan) {
  const convolution_shape *s = &plan->work->shape;
  return s->rows.taps * s->columns.taps * s->groups * plan->depth * plan->pitch;
}

// The gradients of a slab as [group][block][position][width of the block]: what is read again and
// again stays in the nearest cache, and vectors do not reach past the end.
static const float *pack_gradients(
    const struct plan *plan, int64_t image, int64_t row, int64_t positions) {
  const convolution_shape *s = &plan->work->shape;
  int64_t lanes = plan->cpu->lanes;
  const float *from = (const float *)plan->work->second +
                      (image * s->rows.output + row) * s->columns.output * s->outputs;
  float *panels = scratch(scratch_right, s->groups * plan->pitch * positions * 4);
  for (int64_t group = 0; group < s->groups; group++)
    for (int64_t k = 0; k < plan->width; k += 2 * lanes) {
      int64_t block = minimum(2 * lanes, plan->pitch - k);
      int64_t count = minimum(block, plan->width - k);
      float *to = panels + (group * plan->pitch + k) * positions;
      // What stays in the last vector's other lanes is added up and not looked at.
      for (int64_t p = 0; p < positions; p++, to += block)
        copy_floats(to, from + p * s->outputs + group * plan->width + k, count);
    }
  return panels;
}

// One slab for the runs of a share; the first slab of a team begins its sum.
static void add_slab(
    const struct plan *plan, int64_t slab, float *sum, int64_t share, bool adds) {
  const convolution_shape *s = &plan->work->shape;
  const struct convolution_processor *cpu = plan->cpu;
  int64_t image = slab / plan->slabs_down, row = slab % plan->slabs_down * plan->slab_rows;
  int64_t rows = minimum(plan->slab_rows, s->rows.output - row);
  int64_t top = row * s->rows.stride - s->rows.before, left = -s->columns.before;
  int64_t height = (rows - 1) * s->rows.stride + (s->rows.taps - 1) * s->rows.dilation + 1;
  int64_t across = (s->columns.output - 1) * s->columns.stride +
                   (s->columns.taps - 1) * s->columns.dilation + 1;
  struct region region;
  if (is_inside(&plan->images, top, height, left, across)) {
    region.pitch = plan->images.columns * s->inputs;
    region.data = plan->images.data +
                  (image * plan->images.rows + top) * region.pitch + left * s->inputs;
  } else {
    region.pitch = across * s->inputs;
    float *copy = scratch(scratch_left, height * region.pitch * 4);
    copy_region(&plan->images, image, top, height, left, across, copy);
    region.data = copy;
  }
  int64_t positions = rows * s->columns.output;
  const float *panels = pack_gradients(plan, image, row, positions);
  int64_t lanes = cpu->lanes, blocks = quotient(plan->pitch, 2 * lanes);
  int64_t runs = s->rows.taps * plan->taps_across, units = s->groups * blocks * runs;
  for (int64_t unit = units * share / plan->shares; unit < units * (share + 1) / plan->shares;
       unit++) {
    int64_t run = unit % runs, k = unit / runs % blocks * 2 * lanes, group = unit / runs / blocks;
    int64_t block = minimum(2 * lanes, plan->pitch - k);
    int vectors = (int)(block / lanes);
    int64_t pieces = quotient(plan->run, cpu->rows * 2 / vectors);
    int64_t step = quotient(plan->run, pieces);
    struct outer_operands operands = {
        .right = panels + (group * plan->pitch + k) * positions, .runs = rows,
        .left_run = s->rows.stride * region.pitch, .right_run = s->columns.output * block,
        .length = s->columns.output, .left_stride = s->columns.stride * s->inputs,
        .right_stride = block};
    if (operands.left_run == operands.length * operands.left_stride) {
      // Rows without padding between them are one.
      operands.length *= rows;
      operands.runs = 1;
    }
    const float *from = region.data + group * plan->depth +
                        run / plan->taps_across * s->rows.dilation * region.pitch +
                        run % plan->taps_across * s->columns.dilation * s->inputs;
    float *to = sum + (group * runs + run) * plan->run * plan->pitch + k;
    for (int64_t i = 0; i < plan->run; i += step) {
      operands.left = from + i;
      cpu->outer[vectors - 1](
          (int)minimum(step, plan->run - i), &operands, to + i * plan->pitch, plan->pitch, adds);
    }
  }
}

static void add_slabs(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  int64_t team = chunk / plan->shares;
  float *sum = plan->sums + team * sum_count(plan);
  int64_t first = plan->slabs * team / plan->teams;
  for (int64_t slab = first; slab < plan->slabs * (team + 1) / plan->teams; slab++)
    add_slab(plan, slab, sum, chunk % plan->shares, slab > first);
}

// A row of the filter as a matrix [tap · depth, outputs].
static void add_sums(void *context, int64_t row, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const convolution_shape *s = &plan->work->shape;
  int64_t rows = s->rows.taps * s->columns.taps * plan->depth, count = sum_count(plan);
  for (int64_t group = 0; group < s->groups; group++) {
    const float *from = plan->sums + (group * rows + row) * plan->pitch;
    float *to = (float *)plan->work->result + row * s->outputs + group * plan->width;
    for (int64_t k = 0; k < plan->width; k++) {
      float sum = from[k];
      for (int64_t team = 1; team < plan->teams; team++) sum += from[team * count + k];
      to[k] = sum;
    }
  }
}

int64_t implicit_filter_gradient_workspace(const convolution_shape *s) {
  struct plan plan = make_plan(s);
  return plan.teams * s->rows.taps * s->columns.taps * s->groups * plan.depth * plan.pitch * 4 +
         64;
}

void implicit_filter_gradient(const convolution_work *work) {
  const convolution_shape *s = &work->shape;
  struct plan plan = make_plan(s);
  plan.work = work;
  plan.images = (struct images){work->first, s->rows.input, s->columns.input, s->inputs};
  plan.sums = aligned(work->workspace);
  threads_run(plan.teams * plan.shares, add_slabs, &plan);
  threads_run(s->rows.taps * s->columns.taps * plan.depth, add_sums, &plan);
}
