#pragma once
#include "convolution_math.h"
#include "scratch.h"

// Images [batch, rows, columns, channels], of which rectangles are read.
struct images {
  const float *data;
  int64_t rows, columns, channels;
};

// A rectangle of an image; what is outside of the image is zero.
struct region {
  // Of its first position, and how many floats one row is from the next.
  const float *data;
  int64_t pitch;
};

// Whether the rectangle is inside, so that it can be read where it lies.
static inline bool is_inside(
    const struct images *s, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  return row >= 0 && column >= 0 && row + rows <= s->rows && column + columns <= s->columns;
}

// Copies a rectangle to `to`, [rows][columns][channels].
void copy_region(
    const struct images *source, int64_t image, int64_t row, int64_t rows, int64_t column,
    int64_t columns, float *to);
