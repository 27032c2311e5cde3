#pragma once

#include "elementwise.h"
#include "threads.h"
