#include "opencl_sources.h"
