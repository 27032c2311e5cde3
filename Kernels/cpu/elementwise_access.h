#pragma once

#include "elementwise.h"

// Bytes of an element in memory.
static inline int64_t elementwise_size(element_type type) {
  static const uint8_t sizes[] = {4, 8, 2, 2, 4, 8, 1, 1};
  return sizes[type];
}

// Copies the elements of `input` at the indices from `start` on to `target`. `base` is the first.
void elementwise_gather(const elementwise_input *input, int rank, const int64_t *extents,
                        const void *base, int64_t start, int64_t count, void *target);

// The coordinates of the indices from `start` on.
void elementwise_count(const elementwise_coordinate_axis *axis, int32_t *d, int64_t start,
                       int64_t count);
