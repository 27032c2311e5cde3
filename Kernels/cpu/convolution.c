#include "convolution.h"

#include <stddef.h>

#include "convolution_methods.h"
#include "convolution_processor.h"

bool convolution_is_native(void) { return convolution_processor() != NULL; }

bool convolution_takes_bias(convolution_method method) {
  return method >= convolution_transformed;
}

int64_t convolution_workspace(
    convolution_method method, convolution_pass pass, const convolution_shape *shape) {
  switch (method) {
    case convolution_plain_float32: return convolution_plain_workspace(pass, shape, false);
    case convolution_plain_float64: return convolution_plain_workspace(pass, shape, true);
    case convolution_pointwise_product: return 0;
    case convolution_transformed: return convolution_winograd_workspace(pass, shape);
    case convolution_product: return convolution_implicit_workspace(pass, shape);
    case convolution_by_channels: return convolution_depthwise_workspace(pass, shape);
    case convolution_by_planes: return convolution_planar_workspace(pass, shape);
    case convolution_packed_product: return convolution_packed_workspace(pass, shape);
  }
  return 0;
}

void convolution_run(
    convolution_method method, convolution_pass pass, const convolution_work *work) {
  switch (method) {
    case convolution_plain_float32: convolution_plain(pass, work, false); break;
    case convolution_plain_float64: convolution_plain(pass, work, true); break;
    case convolution_pointwise_product: convolution_pointwise(pass, work); break;
    case convolution_transformed: convolution_winograd(pass, work); break;
    case convolution_product: convolution_implicit(pass, work); break;
    case convolution_by_channels: convolution_depthwise(pass, work); break;
    case convolution_by_planes: convolution_planar(pass, work); break;
    case convolution_packed_product: convolution_packed(pass, work); break;
  }
}
