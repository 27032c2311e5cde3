#include "convolution_methods.h"
#include "matmul.h"

// A window of one position, moved by one, without padding: one product of positions and channels.

static struct matmul_f32 product(convolution_pass pass, const convolution_work *work) {
  const convolution_shape *s = &work->shape;
  int64_t positions = s->batch * s->rows.output * s->columns.output;
  struct matmul_f32 p = {
      .result = work->result, .finish = work->finish,
      .context = work->context};
  switch (pass) {
    case convolution_forward:
      p.rows = positions, p.columns = s->outputs, p.inner = s->inputs;
      p.left = (struct matrix_f32){work->first, s->inputs, false};
      p.right = (struct matrix_f32){work->second, s->outputs, false};
      break;
    case convolution_input_gradient:
      p.rows = positions, p.columns = s->inputs, p.inner = s->outputs;
      p.left = (struct matrix_f32){work->first, s->outputs, false};
      p.right = (struct matrix_f32){work->second, s->outputs, true};
      break;
    case convolution_filter_gradient:
      p.rows = s->inputs, p.columns = s->outputs, p.inner = positions;
      p.left = (struct matrix_f32){work->first, s->inputs, true};
      p.right = (struct matrix_f32){work->second, s->outputs, false};
      break;
  }
  return p;
}

void convolution_pointwise(convolution_pass pass, const convolution_work *work) {
  struct matmul_f32 p = product(pass, work);
  matmul_f32(&p);
}
