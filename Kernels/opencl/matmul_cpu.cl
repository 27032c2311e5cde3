#pragma OPENCL FP_CONTRACT OFF

// matmul for CPUs; what it computes and how operands lie is said in matmul.cl.
//
// One work item a tile of tile_rows × tile_columns. It packs a block of the left operand into local
// memory, then panel after panel of the right one, and multiplies them in registers. tile_rows is a
// multiple of PANEL_ROWS, LEFT_ROWS at most, tile_columns one of PANEL_COLUMNS.

// The largest tiles of sums that fit into the registers of a device, and leave some for operands.
#ifndef VECTOR_WIDTH
#ifdef __AVX512F__
#define VECTOR_WIDTH 16
#define VECTORS 2
#define SUM_ROWS 12
#define EDGE_ROWS 4
#else
#define VECTOR_WIDTH 8
#define VECTORS 2
#define SUM_ROWS 6
#define EDGE_ROWS 3
#endif
#endif
// The left operand is packed so many rows at a time: one tile of sums, or two.
#define PANEL_ROWS 12
// What a tile may have at most, and how deep a block of it is: what local memory holds.
#ifndef LEFT_ROWS
#define LEFT_ROWS 96
#define INNER_BLOCK 32
#endif
#define PANEL_COLUMNS (VECTOR_WIDTH * VECTORS)
#define MAX_PANEL (PANEL_ROWS > PANEL_COLUMNS ? PANEL_ROWS : PANEL_COLUMNS)
#define VECTOR JOIN(VALUE, VECTOR_WIDTH)
#define LOAD_VECTOR JOIN(vload, VECTOR_WIDTH)
#define STORE_VECTOR JOIN(vstore, VECTOR_WIDTH)

#ifdef FLOAT32
// target[k * step + i] = source[i * leading + k] for i and k below 8.
inline void transpose_8x8(__local VALUE *target, int step, __global const ELEMENT *source,
                          long leading) {
  float8 a = vload8(0, source), b = vload8(0, source + leading);
  float8 c = vload8(0, source + 2 * leading), d = vload8(0, source + 3 * leading);
  float8 e = vload8(0, source + 4 * leading), f = vload8(0, source + 5 * leading);
  float8 g = vload8(0, source + 6 * leading), h = vload8(0, source + 7 * leading);
#define PICK(x, y, i, j, k, l, m, n, o, p) shuffle2(x, y, (uint8)(i, j, k, l, m, n, o, p))
#define LOW_PAIRS(x, y) PICK(x, y, 0, 8, 1, 9, 4, 12, 5, 13)
#define HIGH_PAIRS(x, y) PICK(x, y, 2, 10, 3, 11, 6, 14, 7, 15)
#define LOW_FOURS(x, y) PICK(x, y, 0, 1, 8, 9, 4, 5, 12, 13)
#define HIGH_FOURS(x, y) PICK(x, y, 2, 3, 10, 11, 6, 7, 14, 15)
#define LOW_HALVES(x, y) PICK(x, y, 0, 1, 2, 3, 8, 9, 10, 11)
#define HIGH_HALVES(x, y) PICK(x, y, 4, 5, 6, 7, 12, 13, 14, 15)
  float8 p = LOW_PAIRS(a, b), q = HIGH_PAIRS(a, b), r = LOW_PAIRS(c, d), s = HIGH_PAIRS(c, d);
  float8 t = LOW_PAIRS(e, f), u = HIGH_PAIRS(e, f), v = LOW_PAIRS(g, h), w = HIGH_PAIRS(g, h);
  a = LOW_FOURS(p, r), b = HIGH_FOURS(p, r), c = LOW_FOURS(q, s), d = HIGH_FOURS(q, s);
  e = LOW_FOURS(t, v), f = HIGH_FOURS(t, v), g = LOW_FOURS(u, w), h = HIGH_FOURS(u, w);
  vstore8(LOW_HALVES(a, e), 0, target);
  vstore8(LOW_HALVES(b, f), 0, target + step);
  vstore8(LOW_HALVES(c, g), 0, target + 2 * step);
  vstore8(LOW_HALVES(d, h), 0, target + 3 * step);
  vstore8(HIGH_HALVES(a, e), 0, target + 4 * step);
  vstore8(HIGH_HALVES(b, f), 0, target + 5 * step);
  vstore8(HIGH_HALVES(c, g), 0, target + 6 * step);
  vstore8(HIGH_HALVES(d, h), 0, target + 7 * step);
}
#endif

// target[k * width + i] = source[i * leading + k] for i below count, 0 for the rest of the width.
inline void pack_across(__local VALUE *target, int width, __global const ELEMENT *source,
                        long leading, int count, int depth) {
  int whole = 0;
#ifdef FLOAT32
  whole = count & ~7;
  for (int i = 0; i < whole; i += 8) {
    int k = 0;
    for (; k + 8 <= depth; k += 8)
      transpose_8x8(target + k * width + i, width, source + i * leading + k, leading);
    for (; k < depth; k++)
      for (int j = i; j < i + 8; j++) target[k * width + j] = source[j * leading + k];
  }
#endif
  for (int i = whole; i < width; i++) {
    if (i < count) {
      for (int k = 0; k < depth; k++) target[k * width + i] = LOAD(source, i * leading + k);
    } else {
      for (int k = 0; k < depth; k++) target[k * width + i] = 0;
    }
  }
}

// target[k * width + i] = source[k * leading + i] for i below count, 0 for the rest of the width.
inline __attribute__((always_inline)) void pack_along(__local VALUE *target, const int width,
                                                      __global const ELEMENT *source, long leading,
                                                      int count, int depth) {
#ifdef FLOAT32
  if (count == width && width % VECTOR_WIDTH == 0) {
    for (int k = 0; k < depth; k++)
#pragma unroll
      for (int i = 0; i < width; i += VECTOR_WIDTH)
        STORE_VECTOR(LOAD_VECTOR(0, source + k * leading + i), 0, target + k * width + i);
    return;
  }
#endif
  if (count == width) {
    for (int k = 0; k < depth; k++) {
      // All loads before all stores, so that they become vectors.
      VALUE line[MAX_PANEL];
#pragma unroll
      for (int i = 0; i < width; i++) line[i] = LOAD(source, k * leading + i);
#pragma unroll
      for (int i = 0; i < width; i++) target[k * width + i] = line[i];
    }
  } else {
    for (int k = 0; k < depth; k++)
      for (int i = 0; i < width; i++)
        target[k * width + i] = i < count ? LOAD(source, k * leading + i) : 0;
  }
}

// Adds the product of two panels to the tile at (row, column) of a matrix. Sums that are incomplete
// lie at `partial`, complete ones at row `result_row` of `result`. Only whole tiles are stored, and
// those that an epilogue is run on are not: their sums are left in `edge`.
//
// Returns whether the tile was stored.
inline __attribute__((always_inline)) bool multiply_panels(
    const int panel_rows, __local const VALUE *left, __local const VALUE *right,
    const int depth, const bool is_first, const bool is_last, __global VALUE *partial,
    __global RESULT *result, const long result_row, const int rows, const int columns,
    const int row, const int column, VALUE *edge) {
  VECTOR sums[SUM_ROWS][VECTORS];
  const int height = min(panel_rows, rows - row), width = min(PANEL_COLUMNS, columns - column);
  const bool is_whole = height == panel_rows && width == PANEL_COLUMNS;
  __global VALUE *tile = partial + (long)row * columns + column;
  if (is_first) {
#pragma unroll
    for (int i = 0; i < panel_rows; i++)
#pragma unroll
      for (int j = 0; j < VECTORS; j++) sums[i][j] = (VECTOR)(0);
  } else if (is_whole) {
#pragma unroll
    for (int i = 0; i < panel_rows; i++)
#pragma unroll
      for (int j = 0; j < VECTORS; j++) sums[i][j] = LOAD_VECTOR(j, tile + (long)i * columns);
  } else {
    for (int i = 0; i < panel_rows; i++)
      for (int j = 0; j < PANEL_COLUMNS; j++)
        edge[i * PANEL_COLUMNS + j] = i < height && j < width ? tile[(long)i * columns + j] : 0;
#pragma unroll
    for (int i = 0; i < panel_rows; i++)
#pragma unroll
      for (int j = 0; j < VECTORS; j++) sums[i][j] = LOAD_VECTOR(j, edge + i * PANEL_COLUMNS);
  }
  // With AVX2 a step of 6 rows is 20 instructions and six that count.
#pragma unroll 4
  for (int k = 0; k < depth; k++) {
    VECTOR line[VECTORS];
#pragma unroll
    for (int j = 0; j < VECTORS; j++) line[j] = LOAD_VECTOR(j, right + k * PANEL_COLUMNS);
#pragma unroll
    for (int i = 0; i < panel_rows; i++)
#pragma unroll
      for (int j = 0; j < VECTORS; j++)
        sums[i][j] = ACCUMULATE((VECTOR)(left[k * PANEL_ROWS + i]), line[j], sums[i][j]);
  }
#if defined(FLOAT32) && !defined(HAS_EPILOGUE)
  if (is_last) tile = result + (result_row + row) * columns + column;
  if (is_whole) {
#else
  if (is_whole && !is_last) {
#endif
#pragma unroll
    for (int i = 0; i < panel_rows; i++)
#pragma unroll
      for (int j = 0; j < VECTORS; j++) STORE_VECTOR(sums[i][j], j, tile + (long)i * columns);
    return true;
  }
#pragma unroll
  for (int i = 0; i < panel_rows; i++)
#pragma unroll
    for (int j = 0; j < VECTORS; j++) STORE_VECTOR(sums[i][j], j, edge + i * PANEL_COLUMNS);
  return false;
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void matmul(
    PROGRAM_PARAMETERS MATMUL_PARAMETERS, const int tile_rows, const int tile_columns) {
  __local VALUE left_block[LEFT_ROWS * INNER_BLOCK] __attribute__((aligned(64)));
  __local VALUE right_panel[PANEL_COLUMNS * INNER_BLOCK] __attribute__((aligned(64)));
  MATMUL_PLACE
  const int top = get_group_id(1) * tile_rows, bottom = min(rows, top + tile_rows);
  const int first = get_group_id(0) * tile_columns, end = min(columns, first + tile_columns);
  for (int start = inner_start; start == inner_start || start < inner_end; start += INNER_BLOCK) {
    const int depth = min(INNER_BLOCK, inner_end - start);
    const bool is_first = start == inner_start;
    const bool is_last = start + INNER_BLOCK >= inner_end && pieces == 1;
    for (int row = top; row < bottom; row += PANEL_ROWS) {
      __local VALUE *target = left_block + (row - top) * INNER_BLOCK;
      const int count = min(PANEL_ROWS, bottom - row);
#ifdef LEFT_TRANSPOSED
      pack_along(target, PANEL_ROWS, a + LEFT_AT(row, start), left_leading, count, depth);
#else
      pack_across(target, PANEL_ROWS, a + LEFT_AT(row, start), left_leading, count, depth);
#endif
    }
    for (int column = first; column < end; column += PANEL_COLUMNS) {
      const int count = min(PANEL_COLUMNS, end - column);
#ifdef RIGHT_TRANSPOSED
      pack_across(right_panel, PANEL_COLUMNS, b + RIGHT_AT(start, column), right_leading, count,
                  depth);
#else
      pack_along(right_panel, PANEL_COLUMNS, b + RIGHT_AT(start, column), right_leading, count,
                 depth);
#endif
      int height;
      for (int row = top; row < bottom; row += height) {
        VALUE edge[SUM_ROWS * PANEL_COLUMNS];
        bool is_stored;
        const int down = (row - top) / PANEL_ROWS * PANEL_ROWS;
        __local const VALUE *left_panel = left_block + down * INNER_BLOCK + (row - top - down);
        if (row + SUM_ROWS - EDGE_ROWS < bottom && (row - top) % SUM_ROWS == 0) {
          height = SUM_ROWS;
          is_stored = multiply_panels(SUM_ROWS, left_panel, right_panel, depth, is_first, is_last,
                                      sums_of_piece, result, result_row, rows, columns, row, column,
                                      edge);
        } else {
          height = EDGE_ROWS;
          is_stored = multiply_panels(EDGE_ROWS, left_panel, right_panel, depth, is_first, is_last,
                                      sums_of_piece, result, result_row, rows, columns, row, column,
                                      edge);
        }
        if (is_stored) continue;
        for (int i = 0; i < min(height, bottom - row); i++) {
          const VALUE *sums = edge + i * PANEL_COLUMNS;
          const long line = result_row + row + i, first_sum = line * columns + column;
          if (is_last) {
            store_line(PROGRAM_ARGUMENTS sums, count, result, first_sum, line, column);
          } else {
            for (int j = 0; j < count; j++)
              sums_of_piece[(long)(row + i) * columns + column + j] = sums[j];
          }
        }
      }
    }
  }
}
