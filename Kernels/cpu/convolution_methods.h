#pragma once
#include <stdbool.h>

#include "clones.h"
#include "convolution.h"

// How convolution.c reaches each method.

int64_t convolution_plain_workspace(convolution_pass pass, const convolution_shape *shape, bool wide);
void convolution_plain(convolution_pass pass, const convolution_work *work, bool wide);

// Windows of one position with stride 1 and no padding, where products are native.
void convolution_pointwise(convolution_pass pass, const convolution_work *work);

// Windows of three by three with stride 1, for processors with vectors.
int64_t convolution_winograd_workspace(convolution_pass pass, const convolution_shape *shape);
void convolution_winograd(convolution_pass pass, const convolution_work *work);
int64_t winograd_filter_gradient_workspace(const convolution_shape *shape);
void winograd_filter_gradient(const convolution_work *work);

// Any convolution whose strides are not above LARGEST_STRIDE, for processors with vectors.
enum { LARGEST_STRIDE = 8 };
int64_t convolution_implicit_workspace(convolution_pass pass, const convolution_shape *shape);
void convolution_implicit(convolution_pass pass, const convolution_work *work);

// As many groups as channels on both sides, with the same limit.
int64_t convolution_depthwise_workspace(convolution_pass pass, const convolution_shape *shape);
void convolution_depthwise(convolution_pass pass, const convolution_work *work);

// Strides of 1, one group and few channels of results: the caller asks convolution_is_planar.
int64_t convolution_planar_workspace(convolution_pass pass, const convolution_shape *shape);
void convolution_planar(convolution_pass pass, const convolution_work *work);

// The same limit, one group, where products as large as these are multiplied as tiles of bfloat16:
// the caller asks convolution_is_packed.
int64_t convolution_packed_workspace(convolution_pass pass, const convolution_shape *shape);
void convolution_packed(convolution_pass pass, const convolution_work *work);
