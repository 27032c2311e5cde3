#include "convolution_processor.h"

#include <stddef.h>

#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#define TARGET \
  __attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,bmi,bmi2")))
#define NAME(x) x##_avx512
#define LANES 16
#define ROWS 14
#include "convolution_tile.h"
#include "convolution_transform.h"
#include "convolution_dots.h"
#include "convolution_planes.h"
#include "convolution_depthwise.h"
#include "convolution_table.h"

#define TARGET __attribute__((target("avx2,fma,bmi,bmi2")))
#define NAME(x) x##_avx2
#define LANES 8
#define ROWS 6
#include "convolution_tile.h"
#include "convolution_transform.h"
#include "convolution_dots.h"
#include "convolution_planes.h"
#include "convolution_depthwise.h"
#include "convolution_table.h"

const struct convolution_processor *convolution_processor(void) {
  if (__builtin_cpu_supports("x86-64-v4")) return &processor_avx512;
  if (__builtin_cpu_supports("x86-64-v3")) return &processor_avx2;
  return NULL;
}
#else
const struct convolution_processor *convolution_processor(void) { return NULL; }
#endif
