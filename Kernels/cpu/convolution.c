#include "convolution.h"

#include "convolution_methods.h"

int64_t convolution_workspace(
    convolution_method method, convolution_pass pass, const convolution_shape *shape) {
  switch (method) {
    case convolution_plain_float32: return convolution_plain_workspace(pass, shape, false);
    case convolution_plain_float64: return convolution_plain_workspace(pass, shape, true);
  }
  return 0;
}

void convolution_run(
    convolution_method method, convolution_pass pass, const convolution_work *work) {
  switch (method) {
    case convolution_plain_float32: convolution_plain(pass, work, false); break;
    case convolution_plain_float64: convolution_plain(pass, work, true); break;
  }
}
