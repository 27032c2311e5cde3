#pragma once
#include <stdbool.h>

#include "convolution.h"

// How convolution.c reaches each method.

int64_t convolution_plain_workspace(convolution_pass pass, const convolution_shape *shape, bool wide);
void convolution_plain(convolution_pass pass, const convolution_work *work, bool wide);
