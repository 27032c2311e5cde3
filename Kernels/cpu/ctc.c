#include "ctc.h"

#include <math.h>
#include <stddef.h>

#include "lookup_index.h"
#include "scratch.h"
#include "threads.h"

typedef struct {
  const ctc_shape *shape;
  const ctc_call *call;
} plan;

// One sequence: its steps, labels, and the states between which they are: blanks and labels in
// turn.
typedef struct {
  const ctc_shape *shape;
  const void *x, *targets;
  int64_t first_step, first_label, steps, labels, states;
} sequence;

static double load(bool is_float64, const void *x, int64_t i) {
  return is_float64 ? ((const double *)x)[i] : (double)((const float *)x)[i];
}

static void store(bool is_float64, void *x, int64_t i, double value) {
  if (is_float64)
    ((double *)x)[i] = value;
  else
    ((float *)x)[i] = (float)value;
}

static ctc_fault fault_of(
    const ctc_shape *shape, const ctc_call *call, int64_t item, int64_t *position) {
  int64_t steps = lookup_load(shape->input_length, call->input_lengths, item);
  int64_t labels = lookup_load(shape->target_length, call->target_lengths, item);
  *position = item;
  if (steps < 0 || steps > shape->time) return ctc_wrong_input_length;
  if (labels < 0 || labels > shape->targets) return ctc_wrong_target_length;
  for (int64_t l = 0; l < labels; l++) {
    *position = item * shape->targets + l;
    int64_t label = lookup_load(shape->label, call->targets, *position);
    if (label < 0 || label >= shape->classes) return ctc_wrong_label;
  }
  return ctc_fine;
}

static int64_t class_of(const sequence *q, int64_t state) {
  if (state % 2 == 0) return q->shape->blank;
  return lookup_load(q->shape->label, q->targets, q->first_label + state / 2);
}

static double at(const sequence *q, int64_t step, int64_t class) {
  return load(q->shape->is_float64, q->x, (q->first_step + step) * q->shape->classes + class);
}

// Whether a path may go to `state` from two states before: over a blank, to another label.
static bool skips(const sequence *q, int64_t state) {
  return state >= 2 && state % 2 == 1 && class_of(q, state) != class_of(q, state - 2);
}

static double log_sum(double a, double b, double c) {
  double largest = a > b ? a : b;
  largest = largest > c ? largest : c;
  if (largest == -INFINITY) return largest;
  double sum = exp(a - largest) + exp(b - largest);
  if (c != -INFINITY) sum += exp(c - largest);
  return largest + log(sum);
}

// forward[step, state] = log of the probability of all beginnings that end there, step included.
static void run_forward(const sequence *q, double *forward) {
  for (int64_t t = 0; t < q->steps; t++) {
    double *now = forward + t * q->states;
    const double *before = now - q->states;
    for (int64_t s = 0; s < q->states; s++) {
      double from = t == 0 ? (s < 2 ? 0 : -INFINITY)
                           : log_sum(before[s], s > 0 ? before[s - 1] : -INFINITY,
                                     skips(q, s) ? before[s - 2] : -INFINITY);
      now[s] = from + at(q, t, class_of(q, s));
    }
  }
}

// Turns the logarithm of the probability of all ends after `step` + 1, `after`, into that after
// `step`. What is stored leaves the step itself out.
static void step_back(const sequence *q, int64_t step, const double *after, double *now) {
  for (int64_t s = 0; s < q->states; s++) {
    if (step == q->steps - 1) {
      now[s] = s + 2 >= q->states ? 0 : -INFINITY;
      continue;
    }
    double ends[3] = {-INFINITY, -INFINITY, -INFINITY};
    for (int64_t k = 0; k < 3 && s + k < q->states; k++)
      if (k < 2 || skips(q, s + 2)) ends[k] = after[s + k] + at(q, step + 1, class_of(q, s + k));
    now[s] = log_sum(ends[0], ends[1], ends[2]);
  }
}

static double loss_of(const sequence *q, const double *forward) {
  if (q->steps == 0) return q->labels == 0 ? 0 : INFINITY;
  const double *last = forward + (q->steps - 1) * q->states;
  return -log_sum(last[q->states - 1], q->states > 1 ? last[q->states - 2] : -INFINITY, -INFINITY);
}

static void run_gradient(
    const sequence *q, const double *forward, double *rows, double loss, double upstream,
    void *gradient) {
  const ctc_shape *shape = q->shape;
  double *now = rows, *after = rows + q->states, *sums = rows + 2 * q->states;
  for (int64_t t = q->steps - 1; t >= 0; t--) {
    step_back(q, t, after, now);
    for (int64_t c = 0; c < shape->classes; c++) sums[c] = 0;
    for (int64_t s = 0; s < q->states; s++) {
      double path = forward[t * q->states + s] + now[s];
      if (path != -INFINITY) sums[class_of(q, s)] += exp(path + loss);
    }
    for (int64_t c = 0; c < shape->classes; c++)
      store(shape->is_float64, gradient, (q->first_step + t) * shape->classes + c,
            -upstream * sums[c]);
    double *other = now;
    now = after;
    after = other;
  }
}

static void chunk_of_one(void *context, int64_t item, int thread) {
  (void)thread;
  const plan *p = context;
  const ctc_shape *shape = p->shape;
  const ctc_call *call = p->call;
  sequence q = {
      .shape = shape, .x = call->x, .targets = call->targets, .first_step = item * shape->time,
      .first_label = item * shape->targets,
      .steps = lookup_load(shape->input_length, call->input_lengths, item),
      .labels = lookup_load(shape->target_length, call->target_lengths, item)};
  int64_t position;
  bool is_wrong = fault_of(shape, call, item, &position) != ctc_fine;
  if (is_wrong) q.steps = q.labels = 0;
  q.states = 2 * q.labels + 1;
  int64_t numbers = q.steps * q.states + 2 * q.states + shape->classes;
  double *forward = scratch(scratch_left, numbers * (int64_t)sizeof(double));
  run_forward(&q, forward);
  double loss = loss_of(&q, forward);
  if (call->losses) store(shape->is_float64, call->losses, item, loss);
  if (!call->gradient) return;
  // Steps past the end, and all of what cannot be, have no slope.
  int64_t first = isfinite(loss) ? q.steps : 0;
  for (int64_t i = first * shape->classes; i < shape->time * shape->classes; i++)
    store(shape->is_float64, call->gradient, q.first_step * shape->classes + i, 0);
  if (first > 0)
    run_gradient(
        &q, forward, forward + q.steps * q.states, loss,
        load(shape->is_float64, call->upstream, item * shape->upstream_stride), call->gradient);
}

ctc_fault ctc_run(const ctc_shape *shape, const ctc_call *call, int64_t *position) {
  plan p = {shape, call};
  threads_run(shape->batch, chunk_of_one, &p);
  for (int64_t item = 0; item < shape->batch; item++) {
    ctc_fault fault = fault_of(shape, call, item, position);
    if (fault != ctc_fine) return fault;
  }
  return ctc_fine;
}
