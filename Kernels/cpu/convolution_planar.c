#include <string.h>

#include "convolution_axis.h"
#include "convolution_methods.h"
#include "convolution_processor.h"
#include "convolution_region.h"
#include "threads.h"

// Results of few channels would leave most of a vector along the channels empty. So each channel is
// copied into a plane of its own, padding included, and vectors lie along the rows: the only
// strides that this suits are those of 1.

enum {
  // Multiplications that a chunk does at least.
  ALONE = 1 << 22,
  // Teams at most that add up the gradient of the filter.
  TEAMS = 16,
};

bool convolution_is_planar(convolution_pass pass, const convolution_shape *s) {
  const struct convolution_processor *cpu = convolution_processor();
  if (!cpu || s->groups != 1 || s->rows.stride != 1 || s->columns.stride != 1) return false;
  bool is_turned = pass == convolution_input_gradient;
  int64_t channels = is_turned ? s->inputs : s->outputs;
  int64_t columns = is_turned ? s->columns.input : s->columns.output;
  // Vectors along rows must be fuller than those along channels, and planes worth making.
  if (channels > PLANES || channels * 2 > cpu->lanes || columns * 2 < cpu->lanes) return false;
  int64_t filled = multiple(columns, cpu->lanes);
  if (columns * cpu->lanes < filled * channels * 3 / 2) return false;
  if (pass == convolution_filter_gradient) return s->inputs <= PLANES;
  // Vectors along the terms are full as well, and need no planes.
  return channels > FEW_CHANNELS || (is_turned ? s->outputs : s->inputs) < PLANES;
}

// Rows of some images as planes [channel][row][pitch], what is outside of the image zero.
struct planes {
  struct images source;
  // The rectangle, whose columns end with what fills the last vector.
  int64_t row, rows, column, columns;
};

static void copy_planes(const struct planes *p, int64_t image, float *to) {
  const struct images *s = &p->source;
  int64_t first = minimum(maximum(-p->column, 0), p->columns);
  int64_t end = maximum(first, minimum(p->columns, s->columns - p->column));
  int64_t plane = p->rows * p->columns;
  for (int64_t i = 0; i < p->rows; i++, to += p->columns) {
    int64_t y = p->row + i;
    bool is_outside = y < 0 || y >= s->rows || first == end;
    for (int64_t c = 0; c < s->channels; c++) {
      float *line = to + c * plane;
      if (is_outside) {
        memset(line, 0, (size_t)p->columns * 4);
        continue;
      }
      memset(line, 0, (size_t)first * 4);
      memset(line + end, 0, (size_t)(p->columns - end) * 4);
    }
    if (is_outside) continue;
    const float *from =
        s->data + ((image * s->rows + y) * s->columns + p->column + first) * s->channels;
    if (s->channels == 1) {
      memcpy(to + first, from, (size_t)(end - first) * 4);
      continue;
    }
    for (int64_t x = first; x < end; x++, from += s->channels)
      for (int64_t c = 0; c < s->channels; c++) to[c * plane + x] = from[c];
  }
}

// The forward pass, or the gradient of the input.
struct plan {
  const convolution_work *work;
  const struct convolution_processor *cpu;
  struct images source;
  struct axis down, across;
  int64_t rows, columns, channels;
  // How many rows a chunk has, and chunks an image.
  int64_t chunk_rows, pieces;
  // [term][channel]
  float *weights;
};

// Terms in the order of the other methods: the filter's rows, its columns, channels.
static int64_t term_count(const struct plan *plan) {
  return plan->down.taps * plan->across.taps * plan->source.channels;
}

static void pack_weights(const struct plan *plan, bool is_turned) {
  const convolution_shape *s = &plan->work->shape;
  const float *filter = plan->work->second;
  float *to = plan->weights;
  for (int64_t i = 0; i < plan->down.taps; i++)
    for (int64_t j = 0; j < plan->across.taps; j++) {
      int64_t tap = (plan->down.tap + i * plan->down.tap_step) * s->columns.taps +
                    plan->across.tap + j * plan->across.tap_step;
      for (int64_t c = 0; c < plan->source.channels; c++)
        for (int64_t k = 0; k < plan->channels; k++)
          *to++ = is_turned ? filter[(tap * s->inputs + k) * s->outputs + c]
                            : filter[(tap * s->inputs + c) * s->outputs + k];
    }
}

static void compute(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const convolution_work *work = plan->work;
  const struct axis *down = &plan->down, *across = &plan->across;
  int64_t image = chunk / plan->pieces, row = chunk % plan->pieces * plan->chunk_rows;
  int64_t rows = minimum(plan->chunk_rows, plan->rows - row);
  struct planes planes = {
      .source = plan->source,
      .row = row + down->shift,
      .rows = rows + (down->taps - 1) * down->shift_step,
      .column = across->shift,
      .columns = multiple(plan->columns, plan->cpu->lanes) + (across->taps - 1) * across->shift_step,
  };
  int64_t plane = planes.rows * planes.columns;
  float *copy = scratch(scratch_left, plan->source.channels * plane * 4);
  copy_planes(&planes, image, copy);
  int64_t *offsets = scratch(scratch_right, term_count(plan) * 8), *next = offsets;
  for (int64_t i = 0; i < down->taps; i++)
    for (int64_t j = 0; j < across->taps; j++)
      for (int64_t c = 0; c < plan->source.channels; c++)
        *next++ = c * plane + i * down->shift_step * planes.columns + j * across->shift_step;
  float start[PLANES] = {};
  if (work->bias) memcpy(start, work->bias, (size_t)plan->channels * 4);
  int64_t first = (image * plan->rows + row) * plan->columns;
  struct planes_operands operands = {
      .left = copy, .pitch = planes.columns, .offsets = offsets, .terms = term_count(plan),
      .weights = plan->weights, .start = start, .rows = rows, .columns = plan->columns,
      .result = (float *)work->result + first * plan->channels};
  plan->cpu->planes((int)plan->channels, &operands);
  if (work->finish) work->finish(work->context, first, rows * plan->columns, 0, plan->channels);
}

static void compute_all(convolution_pass pass, const convolution_work *work) {
  const convolution_shape *s = &work->shape;
  bool is_turned = pass == convolution_input_gradient;
  struct plan plan = {
      .work = work, .cpu = convolution_processor(), .weights = aligned(work->workspace),
      .rows = is_turned ? s->rows.input : s->rows.output,
      .columns = is_turned ? s->columns.input : s->columns.output,
      .channels = is_turned ? s->inputs : s->outputs,
      .down = is_turned ? gradient_axis(&s->rows, 0) : forward_axis(&s->rows),
      .across = is_turned ? gradient_axis(&s->columns, 0) : forward_axis(&s->columns)};
  plan.source = is_turned
      ? (struct images){work->first, s->rows.output, s->columns.output, s->outputs}
      : (struct images){work->first, s->rows.input, s->columns.input, s->inputs};
  pack_weights(&plan, is_turned);
  int64_t line = maximum(1, plan.columns * plan.channels * term_count(&plan));
  plan.pieces = quotient(plan.rows, minimum(plan.rows, quotient(ALONE, line)));
  plan.chunk_rows = quotient(plan.rows, plan.pieces);
  plan.pieces = quotient(plan.rows, plan.chunk_rows);
  threads_run(s->batch * plan.pieces, compute, &plan);
}

// The gradient of the filter.
struct filter_plan {
  const convolution_work *work;
  const struct convolution_processor *cpu;
  int64_t teams;
  // [team][filter row][input channel][filter column][output][lane]
  float *sums;
};

static int64_t sum_count(const convolution_shape *s) {
  return s->rows.taps * s->columns.taps * s->inputs * s->outputs;
}

static int64_t team_count(const convolution_shape *s) { return minimum(TEAMS, s->batch); }

static void add_images(void *context, int64_t team, int thread) {
  (void)thread;
  const struct filter_plan *plan = context;
  const convolution_shape *s = &plan->work->shape;
  int64_t lanes = plan->cpu->lanes, across = multiple(s->columns.output, lanes);
  float *sums = plan->sums + team * sum_count(s) * lanes;
  memset(sums, 0, (size_t)(sum_count(s) * lanes) * 4);
  struct planes images = {
      .source = {plan->work->first, s->rows.input, s->columns.input, s->inputs},
      .row = -s->rows.before,
      .rows = s->rows.output + (s->rows.taps - 1) * s->rows.dilation,
      .column = -s->columns.before,
      .columns = across + (s->columns.taps - 1) * s->columns.dilation,
  };
  struct planes gradients = {
      .source = {plan->work->second, s->rows.output, s->columns.output, s->outputs},
      .rows = s->rows.output, .columns = across};
  int64_t plane = images.rows * images.columns;
  float *left = scratch(scratch_left, s->inputs * plane * 4);
  float *right = scratch(scratch_right, s->outputs * s->rows.output * across * 4);
  for (int64_t n = s->batch * team / plan->teams; n < s->batch * (team + 1) / plan->teams; n++) {
    copy_planes(&images, n, left);
    copy_planes(&gradients, n, right);
    for (int64_t i = 0; i < s->rows.taps; i++)
      for (int64_t c = 0; c < s->inputs; c++) {
        int64_t first = (i * s->inputs + c) * s->columns.taps;
        struct plane_sums_operands operands = {
            .left = left + c * plane + i * s->rows.dilation * images.columns,
            .pitch = images.columns, .step = s->columns.dilation, .taps = s->columns.taps,
            .gradients = right, .gradient_pitch = across,
            .gradient_plane = s->rows.output * across, .rows = s->rows.output,
            .columns = s->columns.output, .sums = sums + first * s->outputs * lanes};
        plan->cpu->plane_sums((int)s->outputs, &operands);
      }
  }
}

static void add_teams(const struct filter_plan *plan) {
  const convolution_shape *s = &plan->work->shape;
  int64_t lanes = plan->cpu->lanes, count = sum_count(s);
  float *result = plan->work->result;
  for (int64_t i = 0; i < s->rows.taps; i++)
    for (int64_t c = 0; c < s->inputs; c++)
      for (int64_t j = 0; j < s->columns.taps; j++)
        for (int64_t k = 0; k < s->outputs; k++) {
          int64_t at = ((i * s->inputs + c) * s->columns.taps + j) * s->outputs + k;
          float sum = 0;
          for (int64_t team = 0; team < plan->teams; team++)
            sum += plan->cpu->total(plan->sums + (team * count + at) * lanes);
          result[((i * s->columns.taps + j) * s->inputs + c) * s->outputs + k] = sum;
        }
}

int64_t convolution_planar_workspace(convolution_pass pass, const convolution_shape *s) {
  if (pass == convolution_filter_gradient)
    return team_count(s) * sum_count(s) * convolution_processor()->lanes * 4 + 64;
  return sum_count(s) * 4 + 64;
}

void convolution_planar(convolution_pass pass, const convolution_work *work) {
  if (pass != convolution_filter_gradient) {
    compute_all(pass, work);
    return;
  }
  struct filter_plan plan = {
      .work = work, .cpu = convolution_processor(), .teams = team_count(&work->shape),
      .sums = aligned(work->workspace)};
  threads_run(plan.teams, add_images, &plan);
  add_teams(&plan);
}
