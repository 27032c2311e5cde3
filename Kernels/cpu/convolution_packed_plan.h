// What convolution_packed.c works by.

#include "convolution_phases.h"
#include "matmul_processor.h"
#include "scratch.h"

enum { PHASES = LARGEST_STRIDE * LARGEST_STRIDE };

// The taps of all phases: those of result (i, j) of each are among the positions from
// i · source_step + shift on.
struct window {
  int64_t rows, columns, down_shift, across_shift;
};

// Of a phase: its packed filter, from one panel of which to the next there are `panel` floats, and
// where its taps begin in the window.
struct phase {
  const struct axis *down, *across;
  int64_t taps, panel, row, column;
  float *panels;
};

// Some terms of patches: several taps of the window, or some channels of one. Each is a step of
// packing, after which some phases multiply.
struct step {
  int64_t tap, taps, channel, channels;
  int64_t first_run, runs;
};

// What a phase multiplies of a step: so many terms after so many others.
struct run {
  int64_t phase, before, terms;
  const float *right;
  bool adds;
};

struct plan {
  const convolution_work *work;
  const struct processor *product;
  struct phases phases;
  // Channels of the source and of the result.
  int64_t depth, width;
  struct window window;
  int64_t phase_count, step_count;
  struct phase phase[PHASES];
  struct step *steps;
  struct run *runs;
  // Panels of patches of a group.
  int64_t group;
  // Images and rows of one chunk, and how many of them there are along an image.
  int64_t chunk_images, chunk_rows, pieces;
};

// The first position, from where it would be for result 0, and how many there are.
static void widen(const struct axis *axes, int64_t count, int64_t *shift, int64_t *taps) {
  int64_t end = 0;
  bool any = false;
  for (int64_t i = 0; i < count; i++) {
    if (axes[i].taps == 0) continue;
    int64_t last = axes[i].shift + axes[i].taps * axes[i].shift_step;
    *shift = any ? minimum(*shift, axes[i].shift) : axes[i].shift;
    end = any ? maximum(end, last) : last;
    any = true;
  }
  // All phases have the same step.
  *taps = any ? (end - *shift) / axes[0].shift_step : 0;
}

// [phase][panel of 32 channels of the result][tap][source channel]
static void plan_phases(struct plan *plan) {
  const struct phases *p = &plan->phases;
  widen(p->down, p->down_count, &plan->window.down_shift, &plan->window.rows);
  widen(p->across, p->across_count, &plan->window.across_shift, &plan->window.columns);
  plan->phase_count = p->down_count * p->across_count;
  float *panels = aligned(plan->work->workspace);
  for (int64_t i = 0; i < plan->phase_count; i++) {
    struct phase *phase = &plan->phase[i];
    phase->down = &p->down[i / p->across_count];
    phase->across = &p->across[i % p->across_count];
    phase->taps = phase->down->taps * phase->across->taps;
    phase->panel = plan->product->depth(phase->taps * plan->depth) * plan->product->columns;
    phase->panels = panels;
    panels += phase->panel * quotient(plan->width, plan->product->columns);
    phase->row = (phase->down->shift - plan->window.down_shift) / phase->down->shift_step;
    phase->column =
        (phase->across->shift - plan->window.across_shift) / phase->across->shift_step;
  }
}

// What a phase multiplies of a step: taps side by side in the window and in the phase are one run.
static void plan_runs(struct plan *plan, struct step *step, int64_t index) {
  const struct phase *p = &plan->phase[index];
  struct run *last = NULL;
  for (int64_t row = 0; row < p->down->taps; row++) {
    int64_t begin = (p->row + row) * plan->window.columns + p->column;
    int64_t first = maximum(begin, step->tap);
    int64_t end = minimum(begin + p->across->taps, step->tap + step->taps);
    if (first >= end) continue;
    int64_t before = (first - step->tap) * step->channels, terms = (end - first) * step->channels;
    if (last && last->before + last->terms == before) {
      last->terms += terms;
      continue;
    }
    int64_t tap = row * p->across->taps + first - begin;
    last = &plan->runs[step->first_run + step->runs++];
    *last = (struct run){
        .phase = index, .before = before, .terms = terms,
        .right = p->panels + plan->product->depth(tap * plan->depth + step->channel) *
                                 plan->product->columns,
        .adds = tap > 0 || step->channel > 0};
  }
}

static void plan_steps(struct plan *plan) {
  int64_t inner = plan->product->inner, all = plan->window.rows * plan->window.columns;
  int64_t taps = quotient(all, quotient(all, maximum(1, inner / plan->depth)));
  int64_t channels = multiple(
      quotient(plan->depth, quotient(plan->depth, inner)), plan->product->grain);
  int64_t steps = quotient(all, taps) * quotient(plan->depth, channels);
  const convolution_shape *s = &plan->work->shape;
  int64_t runs = s->rows.taps * s->columns.taps * quotient(plan->depth, channels);
  plan->steps = scratch(scratch_shared, steps * (int64_t)sizeof(struct step) +
                                            runs * (int64_t)sizeof(struct run));
  plan->runs = (struct run *)(plan->steps + steps);
  int64_t first_run = 0;
  for (int64_t tap = 0; tap < all; tap += taps)
    for (int64_t channel = 0; channel < plan->depth; channel += channels) {
      struct step *step = &plan->steps[plan->step_count++];
      *step = (struct step){
          .tap = tap, .taps = minimum(taps, all - tap), .channel = channel,
          .channels = minimum(channels, plan->depth - channel), .first_run = first_run};
      for (int64_t i = 0; i < plan->phase_count; i++) plan_runs(plan, step, i);
      first_run += step->runs;
    }
}
