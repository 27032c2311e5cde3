#include "convolution_packed.h"

#include <string.h>

#include "convolution_packed_plan.h"
#include "threads.h"

// A forward pass, or the gradient of an input, where the processor multiplies tiles of bfloat16.
// The patches that results see are packed, 32 at a time, while those before are multiplied with the
// filter: each tap's channels are read where they lie, or from a row of zeros outside of the image.
// The phases of a gradient have their results side by side, so that one patch serves all of them.

enum {
  // Multiplications that a chunk does at least.
  ALONE = 1 << 25,
  // A packed filter of more bytes than stay near is read once for so many panels of patches.
  NEAR = 1 << 20,
  TOGETHER = 8,
};

// Results that are computed together, side by side in all phases: where the taps of each lie, and
// where it goes in each phase, NULL if it is not there.
struct group {
  int64_t count;
  const float **taps;
  float **results;
};

// What one thread computes at a time: rows of some images. Next is result (i, j) of all phases.
struct chunk {
  const struct plan *plan;
  int64_t image, images, row, end;
  int64_t next, rows, columns, first;
  // How far the taps are from the first one; and a position whose channels are 0.
  int64_t *offsets;
  const float *zeros;
};

static void put_offsets(struct chunk *c) {
  const struct plan *plan = c->plan;
  const struct axis *down = plan->phases.down, *across = plan->phases.across;
  int64_t columns = plan->window.columns;
  for (int64_t i = 0; i < plan->window.rows * columns; i++)
    c->offsets[i] = (i / columns * down->shift_step * plan->phases.source.columns +
                     i % columns * across->shift_step) * plan->depth;
}

// Where the taps of a result lie, the first of which is at `y` and `x`.
static void put_taps(const struct chunk *c, int64_t image, int64_t y, int64_t x, const float **to) {
  const struct window *w = &c->plan->window;
  const struct images *s = &c->plan->phases.source;
  int64_t down = c->plan->phases.down->shift_step, across = c->plan->phases.across->shift_step;
  int64_t first = ((image * s->rows + y) * s->columns + x) * s->channels;
  int64_t below = y + (w->rows - 1) * down, right = x + (w->columns - 1) * across;
  if (y >= 0 && x >= 0 && below < s->rows && right < s->columns) {
    for (int64_t i = 0; i < w->rows * w->columns; i++) to[i] = s->data + first + c->offsets[i];
    return;
  }
  for (int64_t i = 0; i < w->rows; i++)
    for (int64_t j = 0; j < w->columns; j++, to++) {
      int64_t row = y + i * down, column = x + j * across;
      bool is_inside = row >= 0 && row < s->rows && column >= 0 && column < s->columns;
      *to = is_inside ? s->data + first + c->offsets[i * w->columns + j] : c->zeros;
    }
}

static float *result_at(
    const struct plan *plan, const struct phase *p, int64_t image, int64_t row, int64_t column) {
  if (row >= p->down->count || column >= p->across->count) return NULL;
  int64_t y = p->down->first + row * p->down->step;
  int64_t x = p->across->first + column * p->across->step;
  return (float *)plan->work->result +
         ((image * plan->phases.rows + y) * plan->phases.columns + x) * plan->width;
}

// The next results of a chunk; none when all have been taken.
static void take_group(struct chunk *c, struct group *group) {
  const struct plan *plan = c->plan;
  const struct axis *down = plan->phases.down, *across = plan->phases.across;
  int64_t most = plan->group * plan->product->rows;
  group->count = minimum(c->images * c->rows * c->columns - c->next, most);
  int64_t taps = plan->window.rows * plan->window.columns;
  for (int64_t i = 0; i < group->count; i++, c->next++) {
    int64_t row = c->next / c->columns, column = c->next % c->columns;
    int64_t image = c->image + row / c->rows;
    row = c->first + row % c->rows;
    put_taps(
        c, image, row * down->source_step + plan->window.down_shift,
        column * across->source_step + plan->window.across_shift, group->taps + i * taps);
    for (int64_t p = 0; p < plan->phase_count; p++)
      group->results[p * most + i] = result_at(plan, &plan->phase[p], image, row, column);
  }
}

// Rows `first` to `end` of a panel, of one step.
static struct left left_of(
    const struct plan *plan, const struct group *group, int64_t panel, int64_t index,
    int64_t first, int64_t end) {
  const struct step *step = &plan->steps[index];
  int64_t taps = plan->window.rows * plan->window.columns;
  return (struct left){
      .across = true,
      .rows = (int)(end - first),
      .k = step->taps * step->channels,
      .starts = group->taps + (panel * plan->product->rows + first) * taps + step->tap,
      .stride = taps,
      .segments = step->taps,
      .offset = step->channel,
  };
}

static int64_t panel_rows(const struct plan *plan, const struct group *group, int64_t panel) {
  return minimum(plan->product->rows, group->count - panel * plan->product->rows);
}

// The products of a group. Its first panel is packed; while each panel is multiplied, the one after
// it is, after the last one the first of the group `then`.
static void multiply_group(
    const struct plan *plan, const struct group *group, const struct group *then, float *lefts[2],
    float *products) {
  const struct processor *product = plan->product;
  int64_t panels = quotient(group->count, product->rows);
  int64_t size = product->rows * plan->width;
  for (int64_t i = 0; i < plan->step_count; i++) {
    const struct step *step = &plan->steps[i];
    for (int64_t panel = 0; panel < panels; panel++) {
      bool goes_down = panel + 1 < panels, goes_on = goes_down || i + 1 < plan->step_count;
      const struct group *next_group = goes_on ? group : then;
      int64_t next_panel = goes_down ? panel + 1 : 0;
      int64_t next_step = goes_down ? i : goes_on ? i + 1 : 0;
      int64_t next_rows =
          next_group->count > 0 ? panel_rows(plan, next_group, next_panel) : 0;
      for (int64_t r = 0; r < step->runs; r++) {
        const struct run *run = &plan->runs[step->first_run + r];
        int64_t first = next_rows * r / step->runs, end = next_rows * (r + 1) / step->runs;
        struct strip strip = {
            .rows = (int)panel_rows(plan, group, panel),
            .adds = run->adds, .k = run->terms, .columns = plan->width,
            .right = run->right, .right_panel = plan->phase[run->phase].panel,
            .result = products + (run->phase * plan->group + panel) * size,
            .result_stride = plan->width,
        };
        if (first < end)
          strip.next = left_of(plan, next_group, next_panel, next_step, first, end);
        product->multiply(
            &strip, lefts[0] + product->depth(run->before) * product->rows,
            lefts[1] + first * product->left_stride);
      }
      float *done = lefts[0];
      lefts[0] = lefts[1];
      lefts[1] = done;
    }
  }
}

// Products become results, wherever those lie.
CLONES static void put_results(
    int64_t count, int64_t width, const float *products, const float *bias,
    float *const *results) {
  for (int64_t i = 0; i < count; i++, products += width) {
    float *to = results[i];
    if (to && bias)
      for (int64_t k = 0; k < width; k++) to[k] = products[k] + bias[k];
    else if (to)
      for (int64_t k = 0; k < width; k++) to[k] = products[k];
  }
}

static void compute(void *context, int64_t index, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const struct processor *product = plan->product;
  const convolution_work *work = plan->work;
  struct chunk c = {.plan = plan};
  c.image = index / plan->pieces * plan->chunk_images;
  c.images = minimum(plan->chunk_images, work->shape.batch - c.image);
  c.row = index % plan->pieces * plan->chunk_rows;
  c.end = minimum(c.row + plan->chunk_rows, plan->phases.rows);
  // Chunks begin with whole steps of all phases.
  c.first = c.row / plan->phases.down->step;
  for (int64_t i = 0; i < plan->phase_count; i++) {
    const struct phase *p = &plan->phase[i];
    c.rows = maximum(c.rows, index_from(p->down, c.end) - c.first);
    c.columns = maximum(c.columns, p->across->count);
  }

  float *zeros = scratch(scratch_right, plan->depth * 4);
  memset(zeros, 0, (size_t)plan->depth * 4);
  c.zeros = zeros;
  int64_t most = plan->group * product->rows, taps = plan->window.rows * plan->window.columns;
  int64_t pointers = most * (taps + plan->phase_count);
  const float **pointer = scratch(scratch_left, (2 * pointers + taps) * 8);
  struct group groups[2] = {
      {.taps = pointer, .results = (float **)(pointer + most * taps)},
      {.taps = pointer + pointers, .results = (float **)(pointer + pointers + most * taps)}};
  c.offsets = (int64_t *)(pointer + 2 * pointers);
  put_offsets(&c);
  int64_t count = most * plan->width * plan->phase_count;
  float *lefts[2];
  lefts[0] = scratch(scratch_product, (2 * product->left_size + count) * 4);
  lefts[1] = lefts[0] + product->left_size;
  float *products = lefts[1] + product->left_size;
  for (int64_t i = 0; i < plan->phase_count; i++)
    if (plan->phase[i].taps == 0)
      memset(products + i * most * plan->width, 0, (size_t)(most * plan->width) * 4);

  take_group(&c, &groups[0]);
  if (groups[0].count > 0) {
    struct left first =
        left_of(plan, &groups[0], 0, 0, 0, panel_rows(plan, &groups[0], 0));
    product->pack_left(&first, lefts[0]);
  }
  for (int now = 0; groups[now].count > 0; now = 1 - now) {
    take_group(&c, &groups[1 - now]);
    multiply_group(plan, &groups[now], &groups[1 - now], lefts, products);
    for (int64_t i = 0; i < plan->phase_count; i++)
      put_results(
          groups[now].count, plan->width, products + i * most * plan->width, work->bias,
          groups[now].results + i * most);
  }
  if (work->finish)
    work->finish(
        work->context, (c.image * plan->phases.rows + c.row) * plan->phases.columns,
        ((c.images - 1) * plan->phases.rows + c.end - c.row) * plan->phases.columns, 0,
        plan->width);
}

// Some source channels of one tap of the filter.
static void pack(void *context, int64_t index, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const convolution_shape *s = &plan->work->shape;
  int64_t some = plan->product->grain, parts = plan->depth / some;
  int64_t channel = index % parts * some, tap = index / parts;
  const struct phase *p = plan->phase;
  for (; tap >= p->taps; p++) tap -= p->taps;
  int64_t row = p->down->tap + tap / p->across->taps * p->down->tap_step;
  int64_t column = p->across->tap + tap % p->across->taps * p->across->tap_step;
  const float *filter = (const float *)plan->work->second +
                        (row * s->columns.taps + column) * s->inputs * s->outputs;
  bool is_turned = plan->phases.is_turned;
  plan->product->pack_right(
      filter + (is_turned ? channel : channel * s->outputs), s->outputs, is_turned, plan->width,
      some,
      p->panels + plan->product->depth(tap * plan->depth + channel) * plan->product->columns,
      p->panel);
}

static void cut(struct plan *plan) {
  const convolution_shape *s = &plan->work->shape;
  const struct phases *p = &plan->phases;
  int64_t terms = s->rows.taps * s->columns.taps * plan->depth;
  int64_t row = maximum(1, p->columns * plan->width * terms / plan->phase_count);
  int64_t rows = multiple(minimum(quotient(ALONE, row), p->rows), p->down_count);
  plan->pieces = quotient(p->rows, rows);
  plan->chunk_rows = multiple(quotient(p->rows, plan->pieces), p->down_count);
  plan->pieces = quotient(p->rows, plan->chunk_rows);
  plan->chunk_images = 1;
  if (plan->pieces == 1)
    plan->chunk_images = maximum(1, minimum(ALONE / (row * p->rows), s->batch / 16));
  int64_t bytes = plan->product->depth(terms) * plan->width * 4;
  int64_t results = quotient(plan->chunk_rows, p->down_count) *
                    quotient(p->columns, p->across_count) * plan->chunk_images;
  plan->group =
      bytes > NEAR ? minimum(TOGETHER, quotient(results, plan->product->rows)) : 1;
}

static const struct processor *product_of(convolution_pass pass, const convolution_shape *s) {
  int64_t taps = s->rows.taps * s->columns.taps;
  int64_t results = s->batch * s->rows.output * s->columns.output;
  if (s->groups != 1) return NULL;
  switch (pass) {
    case convolution_forward: return matmul_bfloat16_for(results, s->outputs, taps * s->inputs);
    case convolution_input_gradient:
      return matmul_bfloat16_for(
          s->batch * s->rows.input * s->columns.input, s->inputs,
          taps * s->outputs / s->rows.stride / s->columns.stride);
    case convolution_filter_gradient:
      return matmul_bfloat16_for(taps * s->inputs, s->outputs, results);
  }
  return NULL;
}

bool convolution_is_packed(convolution_pass pass, const convolution_shape *s) {
  const struct processor *product = product_of(pass, s);
  bool is_turned = pass == convolution_input_gradient;
  int64_t depth = is_turned ? s->outputs : s->inputs;
  if (s->rows.stride > LARGEST_STRIDE || s->columns.stride > LARGEST_STRIDE) return false;
  // The taps of the phases are not side by side.
  if (is_turned && (s->rows.dilation > 1 || s->columns.dilation > 1) &&
      (s->rows.stride > 1 || s->columns.stride > 1))
    return false;
  return product && depth > 0 && depth % product->grain == 0 && depth % product->rows == 0;
}

int64_t convolution_packed_workspace(convolution_pass pass, const convolution_shape *s) {
  if (pass == convolution_filter_gradient) return packed_filter_gradient_workspace(s);
  const struct processor *product = matmul_bfloat16();
  bool is_turned = pass == convolution_input_gradient;
  int64_t depth = is_turned ? s->outputs : s->inputs, width = is_turned ? s->inputs : s->outputs;
  return product->depth(s->rows.taps * s->columns.taps * depth) *
      multiple(width, product->columns) * 4 + 64;
}

void convolution_packed(convolution_pass pass, const convolution_work *work) {
  if (pass == convolution_filter_gradient) {
    packed_filter_gradient(work);
    return;
  }
  struct plan plan = {
      .work = work, .product = matmul_bfloat16(), .phases = phases_of(pass, work)};
  plan.depth = plan.phases.source.channels;
  plan.width = plan.phases.channels;
  plan_phases(&plan);
  plan_steps(&plan);
  cut(&plan);
  const convolution_shape *s = &work->shape;
  int64_t parts = plan.depth / plan.product->grain;
  threads_run(s->rows.taps * s->columns.taps * parts, pack, &plan);
  threads_run(quotient(s->batch, plan.chunk_images) * plan.pieces, compute, &plan);
}
