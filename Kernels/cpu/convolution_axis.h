#pragma once
#include "convolution.h"
#include "convolution_math.h"

// How results along one axis are made of positions along the source's.
struct axis {
  // The results first + i · step for i < count.
  int64_t first, step, count;
  // Term t < taps of result i is at position i · source_step + shift + t · shift_step, and its
  // weight at tap + t · tap_step.
  int64_t source_step, shift, shift_step;
  int64_t taps, tap, tap_step;
};

static inline struct axis forward_axis(const convolution_window *w) {
  return (struct axis){
      .step = 1, .count = w->output, .source_step = w->stride, .shift = -w->before,
      .shift_step = w->dilation, .taps = w->taps, .tap_step = 1};
}

static inline int64_t common_divisor(int64_t a, int64_t b) {
  while (b) {
    int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

// The positions of the input of which, padding counted, `phase` is left after division by the
// stride: only taps with the same remainder reach them.
static inline struct axis gradient_axis(const convolution_window *w, int64_t phase) {
  int64_t s = w->stride, every = s / common_divisor(s, w->dilation);
  struct axis axis = {.step = s, .source_step = 1, .tap_step = -every};
  axis.first = ((phase - w->before) % s + s) % s;
  axis.count = axis.first < w->input ? quotient(w->input - axis.first, s) : 0;
  axis.shift_step = every * w->dilation / s;
  for (int64_t tap = 0; tap < minimum(every, w->taps); tap++)
    if (tap * w->dilation % s == phase) {
      axis.taps = quotient(w->taps - tap, every);
      axis.tap = tap + (axis.taps - 1) * every;
      // The division leaves nothing.
      axis.shift = (axis.first + w->before - axis.tap * w->dilation) / s;
    }
  return axis;
}

// The first index of an axis whose result is not before `row`.
static inline int64_t index_from(const struct axis *axis, int64_t row) {
  return minimum(axis->count, quotient(maximum(row - axis->first, 0), axis->step));
}
