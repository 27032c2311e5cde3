#pragma once
#include "convolution_math.h"
#include "convolution_methods.h"
#include "convolution_processor.h"

// Winograd's F(4×4, 3×3): what its passes share. A tile is four by four results and the six by six
// values that they are made of; a line is the tiles of one row, across an image.

enum { POINTS = 36 };

// Images [batch, rows, columns, channels], of which tiles are read.
struct tiled {
  const float *data;
  int64_t rows, columns, channels;
  // Where the first tile begins, at most 0 unless positions are cut off.
  int64_t first_row, first_column;
};

// Transforms a square of `side` × `side` values, whose channels are `pitch` floats in `to`, and the
// points `step` floats apart. What is outside of the image counts as zero.
void winograd_transform(
    const struct convolution_processor *cpu, convolution_transform transform, int side,
    const struct tiled *source, int64_t image, int64_t row, int64_t column, float *to,
    int64_t step, int64_t pitch);
