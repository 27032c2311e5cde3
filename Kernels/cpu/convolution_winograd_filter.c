#include "convolution_winograd.h"

#include <string.h>

#include "threads.h"

// The gradient of the filter by F(3×3, 4×4): tiles of images and of gradients are transformed in
// batches that the caches hold, multiplied point by point and added up, and the sum is transformed
// back once.

// Bytes of transformed tiles at a time.
enum { BATCH = 12 << 20 };

struct filter_plan {
  const convolution_work *work;
  const struct convolution_processor *cpu;
  struct tiled image, gradient;
  // Tiles down and across an image, lines in all, in a batch, and the first of this one.
  int64_t down, across, lines, batch_lines, first;
  int64_t image_pitch, gradient_pitch;
  // [point][tile][channel] and the sum as [point][input][output].
  float *images, *gradients, *sum;
};

static struct filter_plan make_plan(const convolution_shape *s) {
  struct filter_plan plan = {.cpu = convolution_processor()};
  plan.image_pitch = multiple(s->inputs, plan.cpu->lanes);
  plan.gradient_pitch = multiple(s->outputs, plan.cpu->lanes);
  plan.down = quotient(s->rows.output, 4);
  plan.across = quotient(s->columns.output, 4);
  plan.lines = s->batch * plan.down;
  int64_t line = POINTS * 4 * plan.across * (plan.image_pitch + plan.gradient_pitch);
  int64_t batches = quotient(plan.lines, maximum(1, BATCH / line));
  plan.batch_lines = quotient(plan.lines, batches);
  return plan;
}

static int64_t step(const struct filter_plan *plan, int64_t pitch) {
  return plan->batch_lines * plan->across * pitch + 16;
}

static int64_t batch_count(const struct filter_plan *plan) {
  return minimum(plan->batch_lines, plan->lines - plan->first) * plan->across;
}

static void transform_line(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct filter_plan *plan = context;
  int64_t line = plan->first + chunk, image = line / plan->down, row = line % plan->down * 4;
  for (int64_t t = 0; t < plan->across; t++) {
    int64_t tile = chunk * plan->across + t;
    winograd_transform(
        plan->cpu, plan->cpu->image, 6, &plan->image, image, row + plan->image.first_row,
        t * 4 + plan->image.first_column, plan->images + tile * plan->image_pitch,
        step(plan, plan->image_pitch), plan->image_pitch);
    winograd_transform(
        plan->cpu, plan->cpu->gradient, 4, &plan->gradient, image, row, t * 4,
        plan->gradients + tile * plan->gradient_pitch, step(plan, plan->gradient_pitch),
        plan->gradient_pitch);
  }
}

static void multiply_point(void *context, int64_t point, int thread) {
  (void)thread;
  const struct filter_plan *plan = context;
  const struct convolution_processor *cpu = plan->cpu;
  int64_t inputs = plan->image.channels, pitch = plan->gradient_pitch, width = 2 * cpu->lanes;
  const float *images = plan->images + point * step(plan, plan->image_pitch);
  const float *gradients = plan->gradients + point * step(plan, pitch);
  float *sum = plan->sum + point * inputs * pitch;
  for (int64_t k = 0; k < pitch; k += width) {
    int vectors = pitch - k < width ? 1 : 2;
    int64_t pieces = quotient(inputs, cpu->rows * 2 / vectors), height = quotient(inputs, pieces);
    for (int64_t c = 0; c < inputs; c += height) {
      struct outer_operands operands = {
          .left = images + c, .right = gradients + k, .runs = 1, .length = batch_count(plan),
          .left_stride = plan->image_pitch, .right_stride = pitch};
      cpu->outer[vectors - 1](
          (int)minimum(height, inputs - c), &operands, sum + c * pitch + k, pitch,
          plan->first > 0);
    }
  }
}

// One input channel of the filter.
static void transform_back(void *context, int64_t c, int thread) {
  (void)thread;
  const struct filter_plan *plan = context;
  const struct convolution_processor *cpu = plan->cpu;
  int64_t inputs = plan->image.channels, outputs = plan->gradient.channels;
  int64_t pitch = plan->gradient_pitch, point = inputs * pitch;
  float *result = (float *)plan->work->result + c * outputs;
  for (int64_t k = 0; k < outputs; k += cpu->lanes) {
    float taps[9 * 16];
    cpu->filter_result(
        plan->sum + c * pitch + k, 6 * point, point, taps, 3 * cpu->lanes, cpu->lanes, cpu->lanes,
        NULL);
    for (int64_t tap = 0; tap < 9; tap++)
      copy_floats(
          result + tap * inputs * outputs + k, taps + tap * cpu->lanes,
          minimum(cpu->lanes, outputs - k));
  }
}

int64_t winograd_filter_gradient_workspace(const convolution_shape *s) {
  struct filter_plan plan = make_plan(s);
  return POINTS * 4 * (step(&plan, plan.image_pitch) + step(&plan, plan.gradient_pitch) +
                       s->inputs * plan.gradient_pitch) + 64;
}

void winograd_filter_gradient(const convolution_work *work) {
  const convolution_shape *s = &work->shape;
  struct filter_plan plan = make_plan(s);
  plan.work = work;
  plan.image = (struct tiled){
      work->first, s->rows.input, s->columns.input, s->inputs, -s->rows.before,
      -s->columns.before};
  plan.gradient = (struct tiled){
      work->second, s->rows.output, s->columns.output, s->outputs, 0, 0};
  plan.images = aligned(work->workspace);
  plan.gradients = plan.images + POINTS * step(&plan, plan.image_pitch);
  plan.sum = plan.gradients + POINTS * step(&plan, plan.gradient_pitch);
  for (plan.first = 0; plan.first < plan.lines; plan.first += plan.batch_lines) {
    threads_run(
        minimum(plan.batch_lines, plan.lines - plan.first), transform_line, &plan);
    threads_run(POINTS, multiply_point, &plan);
  }
  threads_run(s->inputs, transform_back, &plan);
}
