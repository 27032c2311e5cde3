#include "elementwise_access.h"

#include <string.h>

// `count` elements with a distance of `stride` between them.
#define COPY_STRIDED(T)                                                    \
  {                                                                        \
    const T *a = source;                                                   \
    T *d = target;                                                         \
    if (stride == 0) {                                                     \
      const T value = a[0];                                                \
      for (int64_t i = 0; i < count; i++) d[i] = value;                    \
    } else if (stride == 1) {                                              \
      if (count < 32) {                                                    \
        for (int64_t i = 0; i < count; i++) d[i] = a[i];                   \
      } else {                                                             \
        memcpy(d, a, (size_t)count * sizeof(T));                           \
      }                                                                    \
    } else {                                                               \
      for (int64_t i = 0; i < count; i++) d[i] = a[i * stride];            \
    }                                                                      \
    break;                                                                 \
  }

static inline void copy_strided(const void *source, int64_t stride, int64_t count, int64_t size,
                                void *target) {
  switch (size) {
    case 1: COPY_STRIDED(uint8_t)
    case 2: COPY_STRIDED(uint16_t)
    case 4: COPY_STRIDED(uint32_t)
    default: COPY_STRIDED(uint64_t)
  }
}

// A row of `period` elements again and again, from index `start` on. A short row is copied from its
// copies, twice as many each time.
static void repeat_row(
    const char *row, int64_t period, int64_t start, int64_t count, int64_t size, char *target) {
  const int64_t position = start % period;
  const int64_t first = period - position < count ? period - position : count;
  memcpy(target, row + position * size, (size_t)(first * size));
  char *whole = target + first * size;
  count -= first;
  int64_t have = period < count ? period : count;
  memcpy(whole, row, (size_t)(have * size));
  while (have < count) {
    const int64_t more = have < count - have ? have : count - have;
    memcpy(whole + have * size, whole, (size_t)(more * size));
    have += more;
  }
}

void elementwise_gather(const elementwise_input *input, int rank, const int64_t *extents,
                        const void *base, int64_t start, int64_t count, void *target) {
  const int64_t size = elementwise_size(input->type);
  if (input->kind == access_row) {
    repeat_row(base, input->period, start, count, size, target);
    return;
  }
  const int64_t lattice[2] = {INT64_MAX, input->period};
  const int64_t column[2] = {1, 0};
  const int64_t *strides = input->strides;
  if (input->kind == access_column) {
    rank = 2;
    extents = lattice;
    strides = column;
  }
  const int last = rank - 1;
  int64_t position[8];
  int64_t offset = 0;
  int64_t rest = start;
  for (int axis = last; axis >= 0; axis--) {
    position[axis] = axis == 0 ? rest : rest % extents[axis];
    rest = axis == 0 ? 0 : rest / extents[axis];
    offset += position[axis] * strides[axis];
  }
  char *d = target;
  while (count > 0) {
    const int64_t left = extents[last] - position[last];
    const int64_t length = left < count ? left : count;
    copy_strided((const char *)base + offset * size, strides[last], length, size, d);
    d += length * size;
    count -= length;
    offset += length * strides[last];
    position[last] += length;
    for (int axis = last; axis > 0 && position[axis] == extents[axis]; axis--) {
      offset += strides[axis - 1] - position[axis] * strides[axis];
      position[axis] = 0;
      position[axis - 1]++;
    }
  }
}

void elementwise_count(const elementwise_coordinate_axis *axis, int32_t *d, int64_t start,
                       int64_t count) {
  int64_t value = start / axis->stride % axis->extent;
  int64_t left = axis->stride - start % axis->stride;
  for (int64_t i = 0; i < count;) {
    if (axis->stride == 1) {
      const int64_t run = axis->extent - value < count - i ? axis->extent - value : count - i;
      for (int64_t k = 0; k < run; k++) d[i + k] = (int32_t)(value + k);
      i += run;
      value = 0;
    } else {
      const int64_t run = left < count - i ? left : count - i;
      for (int64_t k = 0; k < run; k++) d[i + k] = (int32_t)value;
      i += run;
      left = axis->stride;
      value = value + 1 == axis->extent ? 0 : value + 1;
    }
  }
}
