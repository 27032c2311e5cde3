#include <string.h>

#include "convolution_axis.h"
#include "convolution_methods.h"
#include "convolution_processor.h"
#include "scratch.h"
#include "threads.h"

// As many groups as channels, each with one output: vectors lie along the channels, and images are
// read where they are. A row of results is cut where the taps that see the image change.

enum {
  // Multiplications that a chunk does at least, and teams that add up the gradient of the filter.
  ALONE = 1 << 18,
  TEAMS = 16,
};

struct plan {
  const convolution_work *work;
  const struct convolution_processor *cpu;
  // Of one row of the source, and of the result.
  int64_t source_rows, source_columns, rows, columns, channels;
  struct axis down[LARGEST_STRIDE], across[LARGEST_STRIDE];
  int64_t down_phases, across_phases;
  // Rows of a chunk, of all images.
  int64_t chunk_rows, teams;
  float *sums;
};

// The terms of result `i` that see one of `extent` positions: from, and until.
static void seen(
    const struct axis *axis, int64_t i, int64_t extent, int64_t *first, int64_t *end) {
  int64_t at = i * axis->source_step + axis->shift;
  *first = at >= 0 ? 0 : minimum(axis->taps, quotient(-at, axis->shift_step));
  *end = at >= extent ? 0 : minimum(axis->taps, quotient(extent - at, axis->shift_step));
  *end = maximum(*end, *first);
}

// Results of one row that see the image through the same taps.
struct stretch {
  int64_t first, count;
  // Where the first one's terms are, from the start of the image, and their taps.
  int64_t *offsets, *taps, tap_count;
};

typedef void (*stretch_body)(
    const struct plan *plan, const struct axis *down, const struct axis *across, int64_t image,
    int64_t i, const struct stretch *stretch, float *sums);

// Calls `body` for each stretch of row `i` of a phase.
static void for_stretches(
    const struct plan *plan, const struct axis *down, const struct axis *across, int64_t image,
    int64_t i, stretch_body body, float *sums) {
  const convolution_shape *s = &plan->work->shape;
  int64_t *lists = scratch(scratch_right, s->rows.taps * s->columns.taps * 16 + 16);
  struct stretch stretch = {
      .offsets = lists, .taps = lists + s->rows.taps * s->columns.taps};
  int64_t top, bottom;
  seen(down, i, plan->source_rows, &top, &bottom);
  while (stretch.first < across->count) {
    int64_t left, right, next_left, next_right;
    seen(across, stretch.first, plan->source_columns, &left, &right);
    for (stretch.count = 1; stretch.first + stretch.count < across->count; stretch.count++) {
      seen(
          across, stretch.first + stretch.count, plan->source_columns, &next_left, &next_right);
      if (next_left != left || next_right != right) break;
    }
    stretch.tap_count = 0;
    for (int64_t t = top; t < bottom; t++)
      for (int64_t u = left; u < right; u++) {
        int64_t row = i * down->source_step + down->shift + t * down->shift_step;
        int64_t column =
            stretch.first * across->source_step + across->shift + u * across->shift_step;
        stretch.offsets[stretch.tap_count] =
            (row * plan->source_columns + column) * plan->channels;
        stretch.taps[stretch.tap_count++] = (down->tap + t * down->tap_step) * s->columns.taps +
                                            across->tap + u * across->tap_step;
      }
    body(plan, down, across, image, i, &stretch, sums);
    stretch.first += stretch.count;
  }
}

static int64_t source_of(const struct plan *plan, int64_t image) {
  return image * plan->source_rows * plan->source_columns * plan->channels;
}

static void store_stretch(
    const struct plan *plan, const struct axis *down, const struct axis *across, int64_t image,
    int64_t i, const struct stretch *stretch, float *sums) {
  (void)sums;
  int64_t row = image * plan->rows + down->first + i * down->step;
  float *to = (float *)plan->work->result +
              (row * plan->columns + across->first + stretch->first * across->step) *
                  plan->channels;
  plan->cpu->depthwise(
      (const float *)plan->work->first + source_of(plan, image),
      across->source_step * plan->channels, stretch->offsets, plan->work->second, stretch->taps,
      stretch->tap_count, plan->work->bias, to, across->step * plan->channels, stretch->count,
      plan->channels, down->source_step * plan->source_columns * plan->channels);
}

static void add_stretch(
    const struct plan *plan, const struct axis *down, const struct axis *across, int64_t image,
    int64_t i, const struct stretch *stretch, float *sums) {
  const convolution_shape *s = &plan->work->shape;
  int64_t row = image * s->rows.output + i;
  plan->cpu->depthwise_filter(
      (const float *)plan->work->first + source_of(plan, image),
      across->source_step * plan->channels, stretch->offsets,
      (const float *)plan->work->second +
          (row * s->columns.output + stretch->first) * plan->channels,
      stretch->taps, stretch->tap_count, sums, stretch->count, plan->channels,
      down->source_step * plan->source_columns * plan->channels,
      s->columns.output * plan->channels);
}

static void compute(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const convolution_work *work = plan->work;
  int64_t first = chunk * plan->chunk_rows;
  int64_t end = minimum(first + plan->chunk_rows, work->shape.batch * plan->rows);
  for (int64_t row = first; row < end; row++)
    for (int64_t d = 0; d < plan->down_phases; d++) {
      const struct axis *down = &plan->down[d];
      int64_t y = row % plan->rows - down->first;
      if (y < 0 || y % down->step != 0) continue;
      for (int64_t a = 0; a < plan->across_phases; a++)
        for_stretches(
            plan, down, &plan->across[a], row / plan->rows, y / down->step, store_stretch, NULL);
    }
  if (work->finish)
    work->finish(
        work->context, first * plan->columns, (end - first) * plan->columns, 0, plan->channels);
}

static void add_rows(void *context, int64_t team, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const convolution_shape *s = &plan->work->shape;
  int64_t count = s->rows.taps * s->columns.taps * plan->channels;
  float *sums = plan->sums + team * count;
  memset(sums, 0, (size_t)count * 4);
  int64_t rows = s->batch * s->rows.output;
  for (int64_t row = rows * team / plan->teams; row < rows * (team + 1) / plan->teams; row++)
    for_stretches(
        plan, plan->down, plan->across, row / s->rows.output, row % s->rows.output, add_stretch,
        sums);
}

static int64_t team_count(const convolution_shape *s) {
  return maximum(1, minimum(TEAMS, s->batch * s->rows.output));
}

int64_t convolution_depthwise_workspace(convolution_pass pass, const convolution_shape *s) {
  if (pass != convolution_filter_gradient) return 0;
  return team_count(s) * s->rows.taps * s->columns.taps * s->inputs * 4 + 64;
}

void convolution_depthwise(convolution_pass pass, const convolution_work *work) {
  const convolution_shape *s = &work->shape;
  struct plan plan = {
      .work = work, .cpu = convolution_processor(), .channels = s->inputs, .down_phases = 1,
      .across_phases = 1, .source_rows = s->rows.input, .source_columns = s->columns.input,
      .rows = s->rows.output, .columns = s->columns.output};
  plan.down[0] = forward_axis(&s->rows);
  plan.across[0] = forward_axis(&s->columns);
  if (pass == convolution_filter_gradient) {
    plan.teams = team_count(s);
    plan.sums = aligned(work->workspace);
    threads_run(plan.teams, add_rows, &plan);
    int64_t count = s->rows.taps * s->columns.taps * plan.channels;
    float *result = work->result;
    for (int64_t i = 0; i < count; i++) {
      float sum = plan.sums[i];
      for (int64_t team = 1; team < plan.teams; team++) sum += plan.sums[team * count + i];
      result[i] = sum;
    }
    return;
  }
  if (pass == convolution_input_gradient) {
    plan.source_rows = s->rows.output;
    plan.source_columns = s->columns.output;
    plan.rows = s->rows.input;
    plan.columns = s->columns.input;
    plan.down_phases = s->rows.stride;
    plan.across_phases = s->columns.stride;
    for (int64_t i = 0; i < s->rows.stride; i++) plan.down[i] = gradient_axis(&s->rows, i);
    for (int64_t i = 0; i < s->columns.stride; i++)
      plan.across[i] = gradient_axis(&s->columns, i);
  }
  int64_t row = maximum(1, plan.columns * plan.channels * s->rows.taps * s->columns.taps);
  plan.chunk_rows = quotient(ALONE, row);
  threads_run(quotient(s->batch * plan.rows, plan.chunk_rows), compute, &plan);
}
