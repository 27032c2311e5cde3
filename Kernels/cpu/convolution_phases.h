#pragma once
#include "convolution_axis.h"
#include "convolution_methods.h"
#include "convolution_region.h"

// A forward pass, or the gradient of an input: the same with the filter turned around, once for
// each phase of the stride, which only some taps reach.
struct phases {
  struct images source;
  // Of the result.
  int64_t rows, columns, channels;
  struct axis down[LARGEST_STRIDE], across[LARGEST_STRIDE];
  int64_t down_count, across_count;
  bool is_turned;
};

static inline struct phases phases_of(convolution_pass pass, const convolution_work *work) {
  const convolution_shape *s = &work->shape;
  struct phases p = {.is_turned = pass == convolution_input_gradient};
  if (p.is_turned) {
    p.source = (struct images){work->first, s->rows.output, s->columns.output, s->outputs};
    p.rows = s->rows.input;
    p.columns = s->columns.input;
    p.channels = s->inputs;
    p.down_count = s->rows.stride;
    p.across_count = s->columns.stride;
    for (int64_t i = 0; i < p.down_count; i++) p.down[i] = gradient_axis(&s->rows, i);
    for (int64_t i = 0; i < p.across_count; i++) p.across[i] = gradient_axis(&s->columns, i);
  } else {
    p.source = (struct images){work->first, s->rows.input, s->columns.input, s->inputs};
    p.rows = s->rows.output;
    p.columns = s->columns.output;
    p.channels = s->outputs;
    p.down_count = p.across_count = 1;
    p.down[0] = forward_axis(&s->rows);
    p.across[0] = forward_axis(&s->columns);
  }
  return p;
}
