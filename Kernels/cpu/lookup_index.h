#pragma once
#include <stdint.h>

#include "clones.h"
#include "lookup.h"

// The row that an index means, or -1 if it is out of range.
INLINE int64_t lookup_row(int64_t index, int64_t count, int64_t lowest) {
  int64_t row = index < 0 ? index + count : index;
  return index >= lowest && index < count && row >= 0 ? row : -1;
}

INLINE int64_t lookup_load(lookup_index type, const void *indices, int64_t position) {
  switch (type) {
    case lookup_int32: return ((const int32_t *)indices)[position];
    case lookup_int64: return ((const int64_t *)indices)[position];
    default: return ((const uint8_t *)indices)[position];
  }
}
