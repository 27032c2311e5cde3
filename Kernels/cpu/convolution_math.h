#pragma once
#include <stdint.h>
#include <string.h>

static inline int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t maximum(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }
static inline int64_t multiple(int64_t a, int64_t b) { return quotient(a, b) * b; }

// The first cache line's boundary in memory that was asked for with 64 bytes more.
static inline float *aligned(void *memory) {
  return (float *)(((uintptr_t)memory + 63) & ~(uintptr_t)63);
}

// Copies at most 32 floats without a call: the last ones twice rather than one by one.
static inline void copy_floats(float *to, const float *from, int64_t count) {
  if (count >= 16) {
    memcpy(to, from, 64);
    memcpy(to + count - 16, from + count - 16, 64);
  } else if (count >= 8) {
    memcpy(to, from, 32);
    memcpy(to + count - 8, from + count - 8, 32);
  } else if (count >= 4) {
    memcpy(to, from, 16);
    memcpy(to + count - 4, from + count - 4, 16);
  } else {
    for (int64_t i = 0; i < count; i++) to[i] = from[i];
  }
}
