#include "convolution_methods.h"

#include "clones.h"
#include "threads.h"

// Loops that say what a convolution is, in any type that fits: what has no better method.

struct plain {
  const convolution_work *work;
  convolution_pass pass;
  // Rows of the result, in all and in a chunk, and its columns.
  int64_t count, length, columns;
};

// Multiplications that one chunk does at least.
enum { ALONE = 1 << 16 };

// The position that a tap of a window sees, or -1.
INLINE int64_t seen(const convolution_window *window, int64_t output, int64_t tap) {
  int64_t at = output * window->stride + tap * window->dilation - window->before;
  return at < window->input ? at : -1;
}

// The window whose tap sees a position, or -1.
INLINE int64_t seeing(const convolution_window *window, int64_t input, int64_t tap) {
  int64_t at = input + window->before - tap * window->dilation;
  if (at < 0 || at % window->stride != 0) return -1;
  at /= window->stride;
  return at < window->output ? at : -1;
}

#define T float
#define FMA __builtin_fmaf
#define NAME(x) x##_float32
#include "convolution_plain.h"

#define T double
#define FMA __builtin_fma
#define NAME(x) x##_float64
#include "convolution_plain.h"

int64_t convolution_plain_workspace(convolution_pass pass, const convolution_shape *s, bool wide) {
  if (pass != convolution_input_gradient) return 0;
  return s->rows.taps * s->columns.taps * s->inputs / s->groups * s->outputs * (wide ? 8 : 4);
}

void convolution_plain(convolution_pass pass, const convolution_work *work, bool wide) {
  const convolution_shape *s = &work->shape;
  int64_t taps = s->rows.taps * s->columns.taps, depth = s->inputs / s->groups;
  struct plain plan = {.work = work, .pass = pass, .columns = s->outputs};
  int64_t cost = taps * depth * s->outputs;
  switch (pass) {
    case convolution_forward: plan.count = s->batch * s->rows.output * s->columns.output; break;
    case convolution_input_gradient:
      plan.count = s->batch * s->rows.input * s->columns.input;
      plan.columns = s->inputs;
      if (wide)
        turn_float64(s, work->second, work->workspace);
      else
        turn_float32(s, work->second, work->workspace);
      break;
    case convolution_filter_gradient:
      plan.count = taps * depth;
      cost = s->batch * s->rows.output * s->columns.output * s->outputs;
      break;
  }
  if (cost < 1) cost = 1;
  plan.length = (ALONE + cost - 1) / cost;
  int64_t chunks = (plan.count + plan.length - 1) / plan.length;
  threads_run(chunks, wide ? chunk_float64 : chunk_float32, &plan);
}
