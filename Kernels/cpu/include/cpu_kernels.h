#pragma once

#include "assembly.h"
#include "clone_name.h"
#include "convolution.h"
#include "elementwise.h"
#include "lookup.h"
#include "matmul.h"
#include "matmul_integer.h"
#include "reduction.h"
#include "scan.h"
#include "scratch.h"
#include "softmax.h"
#include "threads.h"
