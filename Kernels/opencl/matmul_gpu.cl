#pragma OPENCL FP_CONTRACT OFF

// matmul for GPUs; what it computes and how operands lie is said in matmul.cl.
//
// One group a tile of TILE_ROWS × TILE_COLUMNS, whose operands go through local memory TILE_INNER
// deep, twice buffered. One item ITEM_ROWS × ITEM_COLUMNS, in blocks of four that lie apart so that
// neighbouring items read neighbouring vectors.

#ifndef TILE_ROWS
#define TILE_ROWS 64
#define TILE_COLUMNS 64
#define TILE_INNER 16
#define ITEM_ROWS 4
#define ITEM_COLUMNS 4
#endif
#define ITEMS_ACROSS (TILE_COLUMNS / ITEM_COLUMNS)
#define ITEMS (TILE_ROWS / ITEM_ROWS * ITEMS_ACROSS)
#define ROW_BLOCKS (ITEM_ROWS / 4)
#define COLUMN_BLOCKS (ITEM_COLUMNS / 4)
#define LEFT_PITCH (TILE_ROWS + 4)
#define RIGHT_PITCH (TILE_COLUMNS + 4)
#define LEFT_FOURS (TILE_ROWS * TILE_INNER / 4 / ITEMS)
#define RIGHT_FOURS (TILE_COLUMNS * TILE_INNER / 4 / ITEMS)
#define FOUR JOIN(VALUE, 4)
// Where an item's i-th row and j-th block of columns lie.
#define ITEM_ROW(i) (top + (i) / 4 * (TILE_ROWS / ROW_BLOCKS) + y + (i) % 4)
#define ITEM_COLUMN(j) (first + (j) * (TILE_COLUMNS / COLUMN_BLOCKS) + x)

// Elements (row, column) to (row, column + 3) of memory, 0 where that is outside of it.
//
// UNCHECKED: no tile reaches outside. ALIGNED: fours lie at multiples of four.
inline FOUR load_four(__global const ELEMENT *memory, const int leading, const int row,
                      const int column, const int rows, const int columns) {
  __global const ELEMENT *place = memory + (long)row * leading + column;
#if defined(UNCHECKED) && defined(ALIGNED)
  return *(__global const FOUR *)place;
#elif defined(ALIGNED)
  return row < rows && column < columns ? *(__global const FOUR *)place : (FOUR)(0);
#else
  FOUR four = (FOUR)(0);
  if (row < rows) {
    if (column < columns) four.x = LOAD(place, 0);
    if (column + 1 < columns) four.y = LOAD(place, 1);
    if (column + 2 < columns) four.z = LOAD(place, 2);
    if (column + 3 < columns) four.w = LOAD(place, 3);
  }
  return four;
#endif
}

// This item's share of a tile `width` wide that begins at (row, column) of memory.
inline __attribute__((always_inline)) void fetch(FOUR *fours, const int count, const uint width,
                                                 __global const ELEMENT *memory,
                                                 const int leading, const int row,
                                                 const int column, const int rows,
                                                 const int columns) {
#pragma unroll
  for (int u = 0; u < count; u++) {
    const uint at = (uint)get_local_id(0) + u * ITEMS;
    fours[u] = load_four(memory, leading, row + (int)(at / (width / 4)),
                         column + (int)(at % (width / 4)) * 4, rows, columns);
  }
}

// Stores that share as rows of local memory.
inline __attribute__((always_inline)) void store_along(__local VALUE *tile, const int pitch,
                                                       const FOUR *fours, const int count,
                                                       const uint width) {
#pragma unroll
  for (int u = 0; u < count; u++) {
    const uint at = (uint)get_local_id(0) + u * ITEMS;
    *(__local FOUR *)(tile + at / (width / 4) * pitch + at % (width / 4) * 4) = fours[u];
  }
}

// Stores that share as columns of local memory.
inline __attribute__((always_inline)) void store_across(__local VALUE *tile, const int pitch,
                                                        const FOUR *fours, const int count,
                                                        const uint width) {
#pragma unroll
  for (int u = 0; u < count; u++) {
    const uint at = (uint)get_local_id(0) + u * ITEMS;
    __local VALUE *place = tile + at % (width / 4) * 4 * pitch + at / (width / 4);
    place[0] = fours[u].x;
    place[pitch] = fours[u].y;
    place[2 * pitch] = fours[u].z;
    place[3 * pitch] = fours[u].w;
  }
}

// Adds the product of two tiles of local memory to the sums of the item whose blocks begin at (y, x).
inline __attribute__((always_inline)) void multiply_tiles(FOUR (*sums)[COLUMN_BLOCKS],
                                                          __local const VALUE *left,
                                                          __local const VALUE *right, const int x,
                                                          const int y) {
#pragma unroll
  for (int k = 0; k < TILE_INNER; k++) {
    FOUR lines[COLUMN_BLOCKS];
#pragma unroll
    for (int j = 0; j < COLUMN_BLOCKS; j++)
      lines[j] = *(__local const FOUR *)(right + k * RIGHT_PITCH +
                                         j * (TILE_COLUMNS / COLUMN_BLOCKS) + x);
#pragma unroll
    for (int h = 0; h < ROW_BLOCKS; h++) {
      const FOUR factors = *(__local const FOUR *)(left + k * LEFT_PITCH +
                                                   h * (TILE_ROWS / ROW_BLOCKS) + y);
#pragma unroll
      for (int j = 0; j < COLUMN_BLOCKS; j++) {
        sums[h * 4][j] = ACCUMULATE((FOUR)(factors.x), lines[j], sums[h * 4][j]);
        sums[h * 4 + 1][j] = ACCUMULATE((FOUR)(factors.y), lines[j], sums[h * 4 + 1][j]);
        sums[h * 4 + 2][j] = ACCUMULATE((FOUR)(factors.z), lines[j], sums[h * 4 + 2][j]);
        sums[h * 4 + 3][j] = ACCUMULATE((FOUR)(factors.w), lines[j], sums[h * 4 + 3][j]);
      }
    }
  }
}

#ifndef CONVOLVES

#ifdef LEFT_TRANSPOSED
#define FETCH_LEFT(k) \
  fetch(left_fours, LEFT_FOURS, TILE_ROWS, a, left_leading, k, top, inner_end, rows)
#define STORE_LEFT(n) store_along(left_tile[n], LEFT_PITCH, left_fours, LEFT_FOURS, TILE_ROWS)
#else
#define FETCH_LEFT(k) \
  fetch(left_fours, LEFT_FOURS, TILE_INNER, a, left_leading, top, k, rows, inner_end)
#define STORE_LEFT(n) store_across(left_tile[n], LEFT_PITCH, left_fours, LEFT_FOURS, TILE_INNER)
#endif
#ifdef RIGHT_TRANSPOSED
#define FETCH_RIGHT(k) \
  fetch(right_fours, RIGHT_FOURS, TILE_INNER, b, right_leading, first, k, columns, inner_end)
#define STORE_RIGHT(n) \
  store_across(right_tile[n], RIGHT_PITCH, right_fours, RIGHT_FOURS, TILE_INNER)
#else
#define FETCH_RIGHT(k) \
  fetch(right_fours, RIGHT_FOURS, TILE_COLUMNS, b, right_leading, k, first, inner_end, columns)
#define STORE_RIGHT(n) \
  store_along(right_tile[n], RIGHT_PITCH, right_fours, RIGHT_FOURS, TILE_COLUMNS)
#endif

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void matmul(
    PROGRAM_PARAMETERS MATMUL_PARAMETERS) {
  __local VALUE left_tile[2][TILE_INNER * LEFT_PITCH] __attribute__((aligned(32)));
  __local VALUE right_tile[2][TILE_INNER * RIGHT_PITCH] __attribute__((aligned(32)));
  MATMUL_PLACE
  const int first = (int)get_group_id(0) * TILE_COLUMNS, top = (int)get_group_id(1) * TILE_ROWS;
  const int x = (int)(get_local_id(0) % ITEMS_ACROSS) * 4;
  const int y = (int)(get_local_id(0) / ITEMS_ACROSS) * 4;
  FOUR left_fours[LEFT_FOURS], right_fours[RIGHT_FOURS], sums[ITEM_ROWS][COLUMN_BLOCKS];
#pragma unroll
  for (int i = 0; i < ITEM_ROWS; i++)
#pragma unroll
    for (int j = 0; j < COLUMN_BLOCKS; j++) sums[i][j] = (FOUR)(0);
  FETCH_LEFT(inner_start);
  FETCH_RIGHT(inner_start);
  STORE_LEFT(0);
  STORE_RIGHT(0);
  barrier(CLK_LOCAL_MEM_FENCE);
  int now = 0;
  for (int start = inner_start; start < inner_end; start += TILE_INNER) {
    const bool has_more = start + TILE_INNER < inner_end;
    if (has_more) {
      FETCH_LEFT(start + TILE_INNER);
      FETCH_RIGHT(start + TILE_INNER);
    }
    multiply_tiles(sums, left_tile[now], right_tile[now], x, y);
    if (has_more) {
      now ^= 1;
      STORE_LEFT(now);
      STORE_RIGHT(now);
      barrier(CLK_LOCAL_MEM_FENCE);
    }
  }
#if defined(ALIGNED_RESULT) && !defined(HAS_EPILOGUE)
  if (pieces == 1) {
#pragma unroll
    for (int i = 0; i < ITEM_ROWS; i++)
#pragma unroll
      for (int j = 0; j < COLUMN_BLOCKS; j++) {
        const int row = ITEM_ROW(i), column = ITEM_COLUMN(j);
        if (row < rows && column < columns)
          *(__global FOUR *)(result + (result_row + row) * columns + column) = sums[i][j];
      }
    return;
  }
#endif
  // Through memory, where a loop may index it: the code of an epilogue should be there once.
  VALUE finished[ITEM_ROWS * ITEM_COLUMNS];
#pragma unroll
  for (int i = 0; i < ITEM_ROWS; i++)
#pragma unroll
    for (int j = 0; j < COLUMN_BLOCKS; j++)
      vstore4(sums[i][j], i * COLUMN_BLOCKS + j, finished);
#pragma unroll 1
  for (int n = 0; n < ITEM_ROWS * COLUMN_BLOCKS; n++) {
    const int row = ITEM_ROW(n / COLUMN_BLOCKS), column = ITEM_COLUMN(n % COLUMN_BLOCKS);
    if (row >= rows || column >= columns) continue;
    const int count = min(4, columns - column);
    const long line = result_row + row;
    if (pieces > 1) {
      for (int m = 0; m < count; m++)
        sums_of_piece[(long)row * columns + column + m] = finished[n * 4 + m];
    } else {
      store_line(PROGRAM_ARGUMENTS finished + n * 4, count, result, line * columns + column, line,
                 column);
    }
  }
}

#endif
