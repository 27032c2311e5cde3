#include "convolution_implicit.h"

#include <string.h>

#include "threads.h"

// The forward pass as a product of patches and filter whose patches are never stored: a tile of
// neighbouring results reads its rows where they lie in a padded rectangle of the image. The
// gradient of the input is the same with the filter turned around, once for each phase of the
// stride.

enum {
  // Phases along one axis, at most.
  PHASES = IMPLICIT_STRIDE,
  // Multiplications that a chunk does at least, and bytes of padded images that it has at most.
  ALONE = 1 << 22,
  REGION = 1 << 20,
};

struct plan {
  const convolution_work *work;
  const struct convolution_processor *cpu;
  struct images source;
  // Of the result, and per group of the source and of the result.
  int64_t rows, columns, channels, depth, width;
  struct axis down[PHASES], across[PHASES];
  int64_t down_phases, across_phases;
  bool is_turned;
  // Whether the result has so few channels that vectors lie along the terms instead.
  bool is_few;
  // Images and rows of one chunk, and how many of them there are along an image.
  int64_t chunk_images, chunk_rows, pieces;
  // [phase][group][block][tap][source channel][width of the block]
  float *panels;
};

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

// Taps side by side are one segment if their channels follow each other.
static bool is_joined(const struct plan *plan, const struct axis *across) {
  return across->shift_step == 1 && plan->depth == plan->source.channels;
}

// The floats of a segment where vectors lie along the terms.
static int64_t segment_pitch(const struct plan *plan, const struct axis *across) {
  int64_t length = is_joined(plan, across) ? across->taps * plan->depth : plan->depth;
  return multiple(length, plan->cpu->lanes);
}

static int64_t panel_floats(
    const struct plan *plan, const struct axis *down, const struct axis *across) {
  if (plan->is_few)
    return plan->width * down->taps * (is_joined(plan, across) ? 1 : across->taps) *
           segment_pitch(plan, across);
  return down->taps * across->taps * plan->depth * plan->channels / plan->width *
         multiple(plan->width, plan->cpu->lanes);
}

// Where the panels of a phase begin.
static float *panels_of(const struct plan *plan, int64_t down, int64_t across) {
  float *panels = plan->panels;
  for (int64_t i = 0; i <= down; i++)
    for (int64_t j = 0; j < (i == down ? across : plan->across_phases); j++)
      panels += panel_floats(plan, &plan->down[i], &plan->across[j]);
  return panels;
}

// Where the weight of a term is: source channel `c`, result channel `k` of `group`.
static int64_t weight_at(
    const struct plan *plan, int64_t tap, int64_t group, int64_t c, int64_t k) {
  const convolution_shape *s = &plan->work->shape;
  int64_t inner = s->inputs / s->groups;
  return plan->is_turned ? (tap * inner + k) * s->outputs + group * plan->depth + c
                         : (tap * inner + c) * s->outputs + group * plan->width + k;
}

// The panels for results of few channels: [phase][channel][segment][term].
static void pack_few(const struct plan *plan) {
  const float *filter = plan->work->second;
  for (int64_t d = 0; d < plan->down_phases; d++)
    for (int64_t a = 0; a < plan->across_phases; a++) {
      const struct axis *down = &plan->down[d], *across = &plan->across[a];
      int64_t pitch = segment_pitch(plan, across), joined = is_joined(plan, across);
      float *to = panels_of(plan, d, a);
      memset(to, 0, (size_t)panel_floats(plan, down, across) * 4);
      for (int64_t k = 0; k < plan->width; k++)
        for (int64_t i = 0; i < down->taps; i++, to += joined ? pitch : 0)
          for (int64_t j = 0; j < across->taps; j++, to += joined ? 0 : pitch) {
            int64_t tap = (down->tap + i * down->tap_step) * plan->work->shape.columns.taps +
                          across->tap + j * across->tap_step;
            for (int64_t c = 0; c < plan->depth; c++)
              to[(joined ? j * plan->depth : 0) + c] = filter[weight_at(plan, tap, 0, c, k)];
          }
    }
}

enum { PACKED = 32 };

// Some source channels of one tap of the filter, for all phases: the one that has the tap packs
// them.
static void pack(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const convolution_shape *s = &plan->work->shape;
  const float *filter = plan->work->second;
  int64_t parts = quotient(plan->depth, PACKED), part = chunk % parts, tap = chunk / parts;
  int64_t lanes = plan->cpu->lanes, pitch = multiple(plan->width, lanes);
  int64_t groups = plan->channels / plan->width;
  for (int64_t d = 0; d < plan->down_phases; d++)
    for (int64_t a = 0; a < plan->across_phases; a++) {
      const struct axis *down = &plan->down[d], *across = &plan->across[a];
      int64_t i = (tap / s->columns.taps - down->tap) / down->tap_step;
      int64_t j = (tap % s->columns.taps - across->tap) / across->tap_step;
      if (i < 0 || i >= down->taps || j < 0 || j >= across->taps) continue;
      if (down->tap + i * down->tap_step != tap / s->columns.taps) continue;
      if (across->tap + j * across->tap_step != tap % s->columns.taps) continue;
      int64_t terms = down->taps * across->taps * plan->depth;
      int64_t end = minimum((part + 1) * PACKED, plan->depth);
      for (int64_t group = 0; group < groups; group++)
        for (int64_t k = 0; k < plan->width; k += 2 * lanes) {
          int64_t block = minimum(2 * lanes, pitch - k), count = minimum(block, plan->width - k);
          float *to = panels_of(plan, d, a) + group * terms * pitch + k * terms +
                      (i * across->taps + j) * plan->depth * block;
          int64_t first = part * PACKED;
          if (count < block) memset(to + first * block, 0, (size_t)((end - first) * block) * 4);
          // Along the filter's rows, whichever way those lie.
          if (plan->is_turned)
            for (int64_t x = 0; x < count; x++) {
              const float *from = filter + weight_at(plan, tap, group, first, k + x);
              for (int64_t c = first; c < end; c++) to[c * block + x] = from[c - first];
            }
          else
            for (int64_t c = first; c < end; c++)
              copy_floats(to + c * block, filter + weight_at(plan, tap, group, c, k), count);
        }
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
  int64_t rows = minimum(maximum(1, quotient(ALONE, row)), maximum(1, REGION / bytes));
  rows = multiple(minimum(rows, plan->rows), plan->down_phases);
  plan->pieces = quotient(plan->rows, rows);
  plan->chunk_rows = multiple(quotient(plan->rows, plan->pieces), plan->down_phases);
  plan->pieces = quotient(plan->rows, plan->chunk_rows);
  plan->chunk_images = 1;
  // Small images share what is read of a large filter.
  if (plan->pieces == 1)
    plan->chunk_images = maximum(
        1, minimum(minimum(ALONE * 4 / (row * plan->rows), REGION / (bytes * plan->rows)),
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
  cut(&plan);
  if (plan.is_few)
    pack_few(&plan);
  else
    threads_run(
        s->rows.taps * s->columns.taps * quotient(plan.depth, PACKED), pack, &plan);
  threads_run(quotient(s->batch, plan.chunk_images) * plan.pieces, compute, &plan);
}
