#include "convolution_winograd.h"

#include <string.h>

#include "scratch.h"
#include "threads.h"

// The forward pass, and the gradient of the input, which is the forward pass of the gradient with
// the filter turned around.

struct plan {
  const convolution_work *work;
  const struct convolution_processor *cpu;
  struct tiled source;
  // Of the result.
  int64_t rows, columns, channels;
  // Tiles down and across an image; lines in all and in a chunk.
  int64_t down, across, lines, chunk_lines;
  bool is_turned;
  // [block of channels][point][source channel][width of the block].
  float *filter;
};

void winograd_transform(
    const struct convolution_processor *cpu, convolution_transform transform, int side,
    const struct tiled *source, int64_t image, int64_t row, int64_t column, float *to,
    int64_t step, int64_t pitch) {
  int64_t channels = source->channels, line = source->columns * channels;
  const float *from = source->data + (image * source->rows + row) * line + column * channels;
  bool is_inside = row >= 0 && column >= 0 && row + side <= source->rows &&
                   column + side <= source->columns;
  int64_t whole = is_inside ? channels / cpu->lanes * cpu->lanes : 0;
  if (whole > 0) transform(from, line, channels, to, 6 * step, step, whole, NULL);
  for (int64_t c = whole; c < pitch; c += cpu->lanes) {
    float edge[6 * 6 * 16] = {};
    int64_t count = minimum(cpu->lanes, channels - c);
    for (int64_t i = maximum(0, -row); i < minimum(side, source->rows - row); i++)
      for (int64_t j = maximum(0, -column); j < minimum(side, source->columns - column); j++)
        copy_floats(
            edge + (i * side + j) * cpu->lanes, from + i * line + j * channels + c, count);
    transform(
        edge, side * cpu->lanes, cpu->lanes, to + c, 6 * step, step, cpu->lanes, NULL);
  }
}

// So many channels of the source at a time: neighbours in a filter that is turned around.
enum { TURNED = 16 };

// The taps of `count` outputs from `k` on, for source channels from `c` until `end`, as
// [channel][tap][width].
static void load_taps(
    const struct plan *plan, int64_t c, int64_t end, int64_t k, int64_t count, int64_t width,
    float *taps) {
  const convolution_shape *s = &plan->work->shape;
  const float *filter = plan->work->second;
  for (int64_t tap = 0; tap < 9; tap++) {
    if (plan->is_turned) {
      for (int64_t j = 0; j < count; j++) {
        const float *from = filter + (tap * s->inputs + k + j) * s->outputs + c;
        for (int64_t i = 0; i < end - c; i++) taps[(i * 9 + 8 - tap) * width + j] = from[i];
      }
      continue;
    }
    for (int64_t i = 0; i < end - c; i++)
      copy_floats(
          taps + (i * 9 + tap) * width,
          filter + (tap * plan->source.channels + c + i) * s->outputs + k, count);
  }
}

static void transform_filter(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const struct convolution_processor *cpu = plan->cpu;
  int64_t channels = plan->source.channels, width = 2 * cpu->lanes;
  int64_t first = chunk * TURNED, end = minimum(first + TURNED, channels);
  float taps[TURNED * 9 * 32] = {};
  for (int64_t k = 0; k < plan->channels; k += width) {
    int64_t count = minimum(width, plan->channels - k);
    if (count < width) memset(taps, 0, sizeof taps);
    load_taps(plan, first, end, k, count, width, taps);
    int64_t block = minimum(width, multiple(count, cpu->lanes)), step = channels * block;
    for (int64_t c = first; c < end; c++)
      cpu->filter(
          taps + (c - first) * 9 * width, 3 * width, width,
          plan->filter + k * POINTS * channels + c * block, 6 * step, step, block, NULL);
  }
}

// The position of the first row of a line's results, counted through all images.
static int64_t row_of(const struct plan *plan, int64_t line) {
  return line / plan->down * plan->rows + line % plan->down * 4;
}

static void store_tile(
    const struct plan *plan, const float *points, int64_t step, int64_t line, int64_t tile,
    int64_t channel, int64_t block) {
  const struct convolution_processor *cpu = plan->cpu;
  int64_t row = line % plan->down * 4, column = tile * 4;
  int64_t pitch = plan->channels, count = minimum(block, plan->channels - channel);
  float *to = (float *)plan->work->result +
              (row_of(plan, line) * plan->columns + column) * pitch + channel;
  int64_t height = minimum(4, plan->rows - row), width = minimum(4, plan->columns - column);
  const float *start = plan->work->bias ? plan->work->bias + channel : NULL;
  if (height == 4 && width == 4 && count == block) {
    cpu->result(points, 6 * step, step, to, plan->columns * pitch, pitch, block, start);
    return;
  }
  float edge[4 * 4 * 32], bias[32] = {};
  if (start) copy_floats(bias, start, count);
  cpu->result(points, 6 * step, step, edge, 4 * block, block, block, bias);
  for (int64_t i = 0; i < height; i++)
    for (int64_t j = 0; j < width; j++)
      copy_floats(
          to + (i * plan->columns + j) * pitch, edge + (i * 4 + j) * block, count);
}

static void compute_lines(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const struct convolution_processor *cpu = plan->cpu;
  int64_t first = chunk * plan->chunk_lines;
  int64_t end = minimum(first + plan->chunk_lines, plan->lines);
  int64_t tiles = (end - first) * plan->across;
  int64_t channels = plan->source.channels, pitch = multiple(channels, cpu->lanes);
  // A line of the cache more, so that points do not fall on the same ones.
  int64_t step = tiles * pitch + 16, width = 2 * cpu->lanes;
  float *images = scratch(scratch_left, POINTS * step * 4);
  for (int64_t t = 0; t < tiles; t++) {
    int64_t line = first + t / plan->across;
    winograd_transform(
        cpu, cpu->image, 6, &plan->source, line / plan->down,
        line % plan->down * 4 + plan->source.first_row,
        t % plan->across * 4 + plan->source.first_column, images + t * pitch, step, pitch);
  }
  float *points = scratch(scratch_right, POINTS * (tiles * width + 16) * 4);
  const int64_t none = 0;
  const float zeros[32] = {};
  for (int64_t k = 0; k < plan->channels; k += width) {
    int64_t block = minimum(width, multiple(plan->channels - k, cpu->lanes));
    int vectors = (int)(block / cpu->lanes);
    int64_t pieces = quotient(tiles, cpu->rows * 2 / vectors), height = quotient(tiles, pieces);
    int64_t point_step = tiles * block + 16;
    const float *filter = plan->filter + k * POINTS * channels;
    for (int64_t p = 0; p < POINTS; p++)
      for (int64_t t = 0; t < tiles; t += height)
        cpu->tile[vectors - 1](
            (int)minimum(height, tiles - t), images + p * step + t * pitch, pitch, &none, 1,
            channels, filter + p * channels * block, zeros, points + p * point_step + t * block,
            block);
    for (int64_t t = 0; t < tiles; t++)
      store_tile(
          plan, points + t * block, point_step, first + t / plan->across, t % plan->across, k,
          block);
  }
  const convolution_work *work = plan->work;
  if (work->finish)
    work->finish(
        work->context, row_of(plan, first) * plan->columns,
        (row_of(plan, end) - row_of(plan, first)) * plan->columns, 0, plan->channels);
}

int64_t convolution_winograd_workspace(convolution_pass pass, const convolution_shape *s) {
  if (pass == convolution_filter_gradient) return winograd_filter_gradient_workspace(s);
  bool is_turned = pass == convolution_input_gradient;
  int64_t lanes = convolution_processor()->lanes;
  return POINTS * 4 * (is_turned ? s->outputs : s->inputs) *
             multiple(is_turned ? s->inputs : s->outputs, lanes) + 64;
}

void convolution_winograd(convolution_pass pass, const convolution_work *work) {
  if (pass == convolution_filter_gradient) {
    winograd_filter_gradient(work);
    return;
  }
  const convolution_shape *s = &work->shape;
  bool is_turned = pass == convolution_input_gradient;
  struct plan plan = {.work = work, .cpu = convolution_processor(), .is_turned = is_turned};
  plan.source = (struct tiled){
      work->first, s->rows.input, s->columns.input, s->inputs, -s->rows.before,
      -s->columns.before};
  plan.rows = s->rows.output;
  plan.columns = s->columns.output;
  plan.channels = s->outputs;
  if (is_turned) {
    plan.source = (struct tiled){
        work->first, s->rows.output, s->columns.output, s->outputs, s->rows.before - 2,
        s->columns.before - 2};
    plan.rows = s->rows.input;
    plan.columns = s->columns.input;
    plan.channels = s->inputs;
  }
  plan.filter = aligned(work->workspace);
  plan.down = quotient(plan.rows, 4);
  plan.across = quotient(plan.columns, 4);
  plan.lines = s->batch * plan.down;
  // As many tiles as leave their transform in the second-level cache, in chunks that several
  // threads can share evenly.
  int64_t tiles = minimum(56, maximum(14, (1 << 21) / (POINTS * 8 * plan.source.channels) * 2));
  int64_t chunks = quotient(plan.lines, maximum(1, tiles / plan.across));
  if (chunks < 16) chunks = multiple(chunks, 4);
  plan.chunk_lines = quotient(plan.lines, chunks);
  threads_run(quotient(plan.source.channels, TURNED), transform_filter, &plan);
  threads_run(quotient(plan.lines, plan.chunk_lines), compute_lines, &plan);
}
