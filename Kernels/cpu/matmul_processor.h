#pragma once
#include <stdbool.h>
#include <stdint.h>

// A panel of rows of the left matrix that is to be packed.
struct left {
  const float *from;
  int64_t stride;
  // Whether neighbours in memory are those along k.
  bool across;
  int rows;
  int64_t k;
  // What takes the place of `from` where tiles are packed, if there are any: where rows begin, in
  // `segments` parts each, of equal lengths that are multiples of the processor's grain, `stride`
  // pointers from one row to the next; or where the `k` columns begin. All of them `offset` on.
  const float *const *starts;
  int64_t segments, offset;
};

// A panel of rows of the left matrix times a block of columns of the right one, along `k` of the
// summed index.
struct strip {
  int rows;
  bool left_across, adds;
  // Whether the right matrix is read where it lies, and packed on the way.
  bool copies;
  int64_t k, columns;
  // From one row of the panel to the next.
  int64_t left_stride;
  const float *right;
  // From one row to the next, and from one panel to the next.
  int64_t right_stride, right_panel;
  float *packed;
  // The last panel if the columns do not fill it, which is packed always.
  const float *edge;
  float *result;
  int64_t result_stride;
  // What is packed meanwhile; nothing if it has no rows.
  struct left next;
};

// How a tile reaches the left matrix: rows at any distance, rows as they are packed, or columns as
// they are packed.
enum form { ROWS_APART, ROWS_PACKED, COLUMNS_PACKED };

// How products are cut for one kind of processor.
struct processor {
  // A panel of the left matrix: its rows, the floats from one to the next, and all of them.
  int rows, left_stride, left_size;
  int columns;
  // Floats that `k` numbers of the summed index take in a packed column, and of how many at least
  // steps along it are multiples.
  int64_t (*depth)(int64_t k);
  int64_t grain;
  // Whether `multiply` reads what is not packed: the left matrix, and the right one, which it can
  // pack meanwhile.
  bool reads_unpacked;
  // The most of the summed index at a time, and of the columns: together they stay in the
  // second-level cache.
  int64_t inner, block;
  void (*multiply)(const struct strip *strip, const float *left, float *next);
  void (*pack_left)(const struct left *left, float *to);
  // Panels are `panel` floats from one to the next.
  void (*pack_right)(
      const float *from, int64_t from_stride, bool across, int64_t columns, int64_t k, float *to,
      int64_t panel);
  void (*dots)(
      int64_t rows, int64_t k, const float *matrix, int64_t stride, const float *vector,
      float *result);
  void (*combination)(
      int64_t columns, int64_t k, const float *matrix, int64_t stride, const float *vector,
      float *result);
};

// What this processor multiplies with, or NULL if there is nothing for it.
const struct processor *matmul_processor(void);
// The same by cutting numbers into bfloat16, and for products of which that pays only.
const struct processor *matmul_bfloat16(void);
const struct processor *matmul_bfloat16_for(int64_t rows, int64_t columns, int64_t inner);
