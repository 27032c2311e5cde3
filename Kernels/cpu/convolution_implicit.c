#include "convolution_implicit_plan.h"

#include <string.h>

#include "threads.h"

// The forward pass as a product of patches and filter whose patches are never stored: a tile of
// neighbouring results reads its rows where they lie in a padded rectangle of the image. The
// gradient of the input is the same with the filter turned around, once for each phase of the
// stride.

void copy_region(
    const struct images *s, int64_t image, int64_t row, int64_t rows, int64_t column,
    int64_t columns, float *to) {
  int64_t width = columns * s->channels;
  int64_t first = minimum(maximum(-column, 0), columns);
  int64_t end = maximum(first, minimum(columns, s->columns - column));
  for (int64_t i = 0; i < rows; i++, to += width) {
    int64_t y = row + i;
    if (y < 0 || y >= s->rows || first == end) {
      memset(to, 0, (size_t)width * 4);
      continue;
    }
    const float *from =
        s->data + ((image * s->rows + y) * s->columns + column + first) * s->channels;
    memset(to, 0, (size_t)(first * s->channels) * 4);
    memcpy(to + first * s->channels, from, (size_t)((end - first) * s->channels) * 4);
    memset(to + end * s->channels, 0, (size_t)((columns - end) * s->channels) * 4);
  }
}

// What one chunk computes of one phase.
struct part {
  const struct plan *plan;
  const struct axis *down, *across;
  const float *panels;
  // The images, the indices of results down the phase, and the rectangles that they see.
  int64_t image, images, first, end;
  struct region region;
  int64_t image_pitch;
  const int64_t *offsets;
  int64_t segments, length;
};

static float *result_at(const struct part *part, int64_t image, int64_t i, int64_t x) {
  const struct phases *p = &part->plan->phases;
  int64_t row = part->down->first + i * part->down->step;
  int64_t column = part->across->first + x * part->across->step;
  return (float *)part->plan->work->result +
         ((image * p->rows + row) * p->columns + column) * p->channels;
}

static void compute_row(
    const struct part *part, int64_t image, int64_t i, int64_t group, int64_t k, int64_t block,
    const float *panel) {
  const struct plan *plan = part->plan;
  const struct axis *across = part->across;
  int64_t lanes = plan->cpu->lanes, vectors = block / lanes;
  int64_t count = minimum(block, plan->width - k);
  int64_t pieces = quotient(across->count, plan->cpu->rows * 2 / vectors);
  int64_t height = quotient(across->count, pieces);
  int64_t stride = across->source_step * plan->phases.source.channels;
  const float *left = part->region.data + (image - part->image) * part->image_pitch +
                      (i - part->first) * part->down->source_step * part->region.pitch +
                      group * plan->depth;
  float start[32] = {};
  if (plan->work->bias)
    copy_floats(start, plan->work->bias + group * plan->width + k, count);
  if (plan->is_few) {
    plan->cpu->dots(
        across->count, (int)plan->width, left, stride, part->offsets, part->segments,
        part->length, segment_pitch(plan, across), part->panels, start,
        result_at(part, image, i, 0),
        across->step * plan->phases.channels);
    return;
  }
  for (int64_t x = 0; x < across->count; x += height) {
    int rows = (int)minimum(height, across->count - x);
    float *to = result_at(part, image, i, x) + group * plan->width + k;
    int64_t pitch = across->step * plan->phases.channels;
    if (count == block) {
      plan->cpu->tile[vectors - 1](
          rows, left + x * stride, stride, part->offsets, part->segments, part->length, panel,
          start, to, pitch);
      continue;
    }
    float edge[28 * 32];
    plan->cpu->tile[vectors - 1](
        rows, left + x * stride, stride, part->offsets, part->segments, part->length, panel, start,
        edge, block);
    for (int row = 0; row < rows; row++)
      copy_floats(to + row * pitch, edge + row * block, count);
  }
}

static void compute_phase(struct part *part) {
  const struct plan *plan = part->plan;
  const struct axis *down = part->down, *across = part->across;
  if (part->first >= part->end || across->count == 0) return;
  if (down->taps * across->taps * plan->depth == 0) {
    for (int64_t n = 0; n < part->images; n++)
      for (int64_t i = part->first; i < part->end; i++)
        for (int64_t x = 0; x < across->count; x++)
          if (plan->work->bias)
            memcpy(
                result_at(part, part->image + n, i, x), plan->work->bias,
                (size_t)plan->phases.channels * 4);
          else
            memset(result_at(part, part->image + n, i, x), 0, (size_t)plan->phases.channels * 4);
    return;
  }
  int64_t row = part->first * down->source_step + down->shift;
  int64_t rows =
      (part->end - part->first - 1) * down->source_step + (down->taps - 1) * down->shift_step + 1;
  int64_t columns =
      (across->count - 1) * across->source_step + (across->taps - 1) * across->shift_step + 1;
  const struct images *source = &plan->phases.source;
  part->region.pitch = columns * source->channels;
  part->image_pitch = rows * part->region.pitch;
  bool joined = is_joined(plan, across);
  part->length = joined ? across->taps * plan->depth : plan->depth;
  // Vectors along the terms may reach past the last one.
  bool is_exact = !plan->is_few || part->length % plan->cpu->lanes == 0;
  if (is_exact && is_inside(source, row, rows, across->shift, columns)) {
    part->region.pitch = source->columns * source->channels;
    part->image_pitch = source->rows * part->region.pitch;
    part->region.data = source->data + part->image * part->image_pitch +
                        row * part->region.pitch + across->shift * source->channels;
  } else {
    float *copy = scratch(scratch_left, part->images * part->image_pitch * 4 + 64);
    for (int64_t n = 0; n < part->images; n++)
      copy_region(
          source, part->image + n, row, rows, across->shift, columns,
          copy + n * part->image_pitch);
    part->region.data = copy;
  }
  int64_t along = joined ? 1 : across->taps;
  part->segments = down->taps * along;
  int64_t *offsets = scratch(scratch_right, part->segments * 8);
  for (int64_t i = 0; i < part->segments; i++)
    offsets[i] = i / along * down->shift_step * part->region.pitch +
                 i % along * across->shift_step * source->channels;
  part->offsets = offsets;
  int64_t terms = down->taps * across->taps * plan->depth, lanes = plan->cpu->lanes;
  int64_t pitch = multiple(plan->width, lanes);
  for (int64_t group = 0; group < plan->phases.channels / plan->width; group++)
    for (int64_t k = 0; k < plan->width; k += 2 * lanes)
      for (int64_t n = 0; n < part->images; n++)
        for (int64_t i = part->first; i < part->end; i++)
          compute_row(
              part, part->image + n, i, group, k, minimum(2 * lanes, pitch - k),
              part->panels + (group * pitch + k) * terms);
}

static void compute(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const struct phases *p = &plan->phases;
  const convolution_work *work = plan->work;
  int64_t image = chunk / plan->pieces * plan->chunk_images;
  int64_t images = minimum(plan->chunk_images, work->shape.batch - image);
  int64_t row = chunk % plan->pieces * plan->chunk_rows;
  int64_t end = minimum(row + plan->chunk_rows, p->rows);
  for (int64_t d = 0; d < p->down_count; d++)
    for (int64_t a = 0; a < p->across_count; a++) {
      struct part part = {
          .plan = plan, .down = &p->down[d], .across = &p->across[a],
          .panels = panels_of(plan, d, a), .image = image, .images = images,
          .first = index_from(&p->down[d], row), .end = index_from(&p->down[d], end)};
      compute_phase(&part);
    }
  if (work->finish)
    work->finish(
        work->context, (image * p->rows + row) * p->columns,
        ((images - 1) * p->rows + end - row) * p->columns, 0, p->channels);
}

int64_t convolution_implicit_workspace(convolution_pass pass, const convolution_shape *s) {
  if (pass == convolution_filter_gradient) return implicit_filter_gradient_workspace(s);
  bool is_turned = pass == convolution_input_gradient;
  int64_t depth = (is_turned ? s->outputs : s->inputs) / s->groups;
  int64_t width = (is_turned ? s->inputs : s->outputs) / s->groups;
  int64_t lanes = convolution_processor()->lanes;
  int64_t floats = depth * multiple(width, lanes) * s->groups;
  if (width <= FEW_CHANNELS) floats = maximum(floats, (depth + lanes) * FEW_CHANNELS);
  return s->rows.taps * s->columns.taps * floats * 4 + 64;
}

static void cut(struct plan *plan) {
  const convolution_shape *s = &plan->work->shape;
  const struct phases *p = &plan->phases;
  int64_t terms =
      s->rows.taps * s->columns.taps * plan->depth / p->down_count / p->across_count;
  int64_t row = maximum(1, p->columns * p->channels * maximum(terms, 1));
  int64_t bytes = maximum(
      1, (p->source.columns + s->columns.taps) * p->source.channels * 4 *
             p->source.rows / maximum(p->rows, 1));
  int64_t rows = minimum(maximum(1, quotient(ALONE, row)), maximum(1, REGION / bytes));
  rows = multiple(minimum(rows, p->rows), p->down_count);
  plan->pieces = quotient(p->rows, rows);
  plan->chunk_rows = multiple(quotient(p->rows, plan->pieces), p->down_count);
  plan->pieces = quotient(p->rows, plan->chunk_rows);
  plan->chunk_images = 1;
  // Small images share what is read of a large filter.
  if (plan->pieces == 1)
    plan->chunk_images = maximum(
        1, minimum(minimum(ALONE * 4 / (row * p->rows), REGION / (bytes * p->rows)),
                   s->batch / 8));
}

void convolution_implicit(convolution_pass pass, const convolution_work *work) {
  if (pass == convolution_filter_gradient) {
    implicit_filter_gradient(work);
    return;
  }
  const convolution_shape *s = &work->shape;
  struct plan plan = {.work = work, .cpu = convolution_processor()};
  plan.panels = aligned(work->workspace);
  plan.phases = phases_of(pass, work);
  plan.depth = plan.phases.source.channels / s->groups;
  plan.width = plan.phases.channels / s->groups;
  plan.is_few = s->groups == 1 && plan.width <= FEW_CHANNELS;
  cut(&plan);
  if (plan.is_few)
    pack_few(&plan);
  else
    threads_run(
        s->rows.taps * s->columns.taps * quotient(plan.depth, PACKED), pack, &plan);
  threads_run(quotient(s->batch, plan.chunk_images) * plan.pieces, compute, &plan);
}
