#pragma once
#include "convolution_axis.h"
#include "convolution_methods.h"
#include "convolution_processor.h"
#include "convolution_region.h"

int64_t implicit_filter_gradient_workspace(const convolution_shape *shape);
void implicit_filter_gradient(const convolution_work *work);
