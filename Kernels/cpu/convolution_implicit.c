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
  const struct plan *plan = part->plan;
  int64_t row = part->down->first + i * part->down->step;
  int64_t column = part->across->first + x * part->across->step;
  return (float *)plan->work->result +
         ((image * plan->rows + row) * plan->columns + column) * plan->channels;
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
  int64_t stride = across->source_step * plan->source.channels;
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
        across->step * plan->channels);
    return;
  }
  for (int64_t x = 0; x < across->count; x += height) {
    int rows = (int)minimum(height, across->count - x);
    float *to = result_at(part, image, i, x) + group * plan->width + k;
    int64_t pitch = across->step * plan->channels;
    if (count == block) {
      plan->cpu->tile[vectors - 1](
          rows, left + x * stride, stride, part->offsets, part->segments, part->length, panel, start,
          to, pitch);
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

// Results of a part that are computed together, where their patches begin, and which come next.
enum { TOGETHER = 32 };

struct places {
  const float *patches[TOGETHER + 1];
  float *results[TOGETHER];
  int count;
};

struct next_place {
  int64_t image, row, column;
};

static void take_places(const struct part *part, struct next_place *next, struct places *places) {
  const struct plan *plan = part->plan;
  const struct axis *down = part->down, *across = part->across;
  places->count = 0;
  while (next->image < part->images && places->count < TOGETHER) {
    places->patches[places->count] =
        part->region.data + next->image * part->image_pitch +
        (next->row - part->first) * down->source_step * part->region.pitch +
        next->column * across->source_step * plan->source.channels;
    places->results[places->count++] =
        result_at(part, part->image + next->image, next->row, next->column);
    if (++next->column < across->count) continue;
    next->column = 0;
    if (++next->row < part->end) continue;
    next->row = part->first;
    next->image++;
  }
}

CLONES static void put_sums(
    int64_t n, const float *restrict sums, const float *restrict bias, float *restrict to) {
  if (!bias)
    memcpy(to, sums, (size_t)n * 4);
  else
    for (int64_t k = 0; k < n; k++) to[k] = sums[k] + bias[k];
}

// All results of a part, panel by panel: patches are packed, while those of the panel before are
// multiplied, and what they give is put where it belongs.
static void multiply_part(const struct part *part) {
  const struct plan *plan = part->plan;
  const struct processor *product = plan->product;
  int64_t terms = part->segments * part->length, width = plan->width;
  int64_t left_size = product->depth(terms) * TOGETHER;
  float *left = scratch(scratch_product, (2 * left_size + TOGETHER * width) * 4);
  float *other = left + left_size, *sums = other + left_size;
  struct next_place next = {.row = part->first};
  struct places lists[2], *now = &lists[0], *then = &lists[1];
  take_places(part, &next, now);
  struct segments segments = {
      now->patches, now->count, part->offsets, part->segments, part->length};
  product->pack_segments(&segments, left);
  while (now->count > 0) {
    struct strip strip = {
        .rows = now->count, .left_across = true, .k = terms, .columns = width,
        .right = part->panels, .right_panel = product->depth(terms) * product->columns,
        .result = sums, .result_stride = width,
    };
    take_places(part, &next, then);
    segments.rows = then->patches, segments.row_count = then->count;
    if (then->count > 0) strip.next_segments = &segments;
    product->multiply(&strip, left, other);
    for (int r = 0; r < now->count; r++)
      put_sums(width, sums + r * width, plan->work->bias, now->results[r]);
    struct places *done = now;
    now = then, then = done;
    float *free = left;
    left = other, other = free;
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
                (size_t)plan->channels * 4);
          else
            memset(result_at(part, part->image + n, i, x), 0, (size_t)plan->channels * 4);
    return;
  }
  int64_t row = part->first * down->source_step + down->shift;
  int64_t rows =
      (part->end - part->first - 1) * down->source_step + (down->taps - 1) * down->shift_step + 1;
  int64_t columns =
      (across->count - 1) * across->source_step + (across->taps - 1) * across->shift_step + 1;
  const struct images *source = &plan->source;
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
  if (plan->product) {
    multiply_part(part);
    return;
  }
  int64_t terms = down->taps * across->taps * plan->depth, lanes = plan->cpu->lanes;
  int64_t pitch = multiple(plan->width, lanes);
  for (int64_t group = 0; group < plan->channels / plan->width; group++)
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
  const convolution_work *work = plan->work;
  int64_t image = chunk / plan->pieces * plan->chunk_images;
  int64_t images = minimum(plan->chunk_images, work->shape.batch - image);
  int64_t row = chunk % plan->pieces * plan->chunk_rows;
  int64_t end = minimum(row + plan->chunk_rows, plan->rows);
  for (int64_t d = 0; d < plan->down_phases; d++)
    for (int64_t a = 0; a < plan->across_phases; a++) {
      struct part part = {
          .plan = plan, .down = &plan->down[d], .across = &plan->across[a],
          .panels = panels_of(plan, d, a), .image = image, .images = images,
          .first = index_from(&plan->down[d], row), .end = index_from(&plan->down[d], end)};
      compute_phase(&part);
    }
  if (work->finish)
    work->finish(
        work->context, (image * plan->rows + row) * plan->columns,
        ((images - 1) * plan->rows + end - row) * plan->columns, 0, plan->channels);
}

int64_t convolution_implicit_workspace(convolution_pass pass, const convolution_shape *s) {
  if (pass == convolution_filter_gradient) return implicit_filter_gradient_workspace(s);
  bool is_turned = pass == convolution_input_gradient;
  int64_t depth = (is_turned ? s->outputs : s->inputs) / s->groups;
  int64_t width = (is_turned ? s->inputs : s->outputs) / s->groups;
  const struct processor *product = product_of(s, depth, width);
  if (product)
    return s->rows.taps * s->columns.taps * product->depth(depth) *
               multiple(width, product->columns) * 4 + 64;
  int64_t lanes = convolution_processor()->lanes;
  int64_t floats = depth * multiple(width, lanes) * s->groups;
  if (width <= FEW_CHANNELS) floats = maximum(floats, (depth + lanes) * FEW_CHANNELS);
  return s->rows.taps * s->columns.taps * floats * 4 + 64;
}

static void cut(struct plan *plan) {
  const convolution_shape *s = &plan->work->shape;
  int64_t terms = s->rows.taps * s->columns.taps * plan->depth / plan->down_phases /
                  plan->across_phases;
  int64_t row = maximum(1, plan->columns * plan->channels * maximum(terms, 1));
  int64_t bytes = maximum(
      1, (plan->source.columns + s->columns.taps) * plan->source.channels * 4 *
             plan->source.rows / maximum(plan->rows, 1));
  int64_t alone = plan->product ? ALONE_PACKED : ALONE;
  int64_t rows = minimum(maximum(1, quotient(alone, row)), maximum(1, REGION / bytes));
  rows = multiple(minimum(rows, plan->rows), plan->down_phases);
  plan->pieces = quotient(plan->rows, rows);
  plan->chunk_rows = multiple(quotient(plan->rows, plan->pieces), plan->down_phases);
  plan->pieces = quotient(plan->rows, plan->chunk_rows);
  plan->chunk_images = 1;
  // Small images share what is read of a large filter.
  if (plan->pieces == 1)
    plan->chunk_images = maximum(
        1, minimum(minimum(alone * 4 / (row * plan->rows), REGION / (bytes * plan->rows)),
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
  plan.is_turned = pass == convolution_input_gradient;
  if (plan.is_turned) {
    plan.source =
        (struct images){work->first, s->rows.output, s->columns.output, s->outputs};
    plan.rows = s->rows.input;
    plan.columns = s->columns.input;
    plan.channels = s->inputs;
    plan.down_phases = s->rows.stride;
    plan.across_phases = s->columns.stride;
    for (int64_t i = 0; i < s->rows.stride; i++) plan.down[i] = gradient_axis(&s->rows, i);
    for (int64_t i = 0; i < s->columns.stride; i++)
      plan.across[i] = gradient_axis(&s->columns, i);
  } else {
    plan.source = (struct images){work->first, s->rows.input, s->columns.input, s->inputs};
    plan.rows = s->rows.output;
    plan.columns = s->columns.output;
    plan.channels = s->outputs;
    plan.down_phases = plan.across_phases = 1;
    plan.down[0] = forward_axis(&s->rows);
    plan.across[0] = forward_axis(&s->columns);
  }
  plan.depth = plan.source.channels / s->groups;
  plan.width = plan.channels / s->groups;
  plan.is_few = s->groups == 1 && plan.width <= FEW_CHANNELS;
  plan.product = product_of(s, plan.depth, plan.width);
  cut(&plan);
  if (plan.is_few)
    pack_few(&plan);
  else
    threads_run(
        s->rows.taps * s->columns.taps * quotient(plan.depth, PACKED), pack, &plan);
  threads_run(quotient(s->batch, plan.chunk_images) * plan.pieces, compute, &plan);
}
