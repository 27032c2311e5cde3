#pragma once
#include "convolution_math.h"
#include "convolution_methods.h"
#include "matmul_processor.h"

int64_t packed_filter_gradient_workspace(const convolution_shape *shape);
void packed_filter_gradient(const convolution_work *work);
