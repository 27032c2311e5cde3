// result[b, r, c] = epilogue(Σ over k of left[b, r, k] · right[b, k, c]); result is dense.
//
// Left lies as [rows, inner], or with LEFT_TRANSPOSED as [inner, rows]; right as [inner, columns],
// or with RIGHT_TRANSPOSED as [columns, inner]. Neighbouring rows are *_leading elements apart.
// Matrix b of the batch starts at start + b / batch_extent * outer + b % batch_extent * step.
//
// In matmul, which has a text for CPUs and one for GPUs, every element is one chain of fma over
// ascending k that starts at 0, whatever the tiles and blocks are: its bits are the same in both.
// matmul_dots says its own order. A long inner axis may be cut into pieces of inner_piece: each is
// summed like that, and matmul_sum adds the pieces in ascending order.
//
// With HAS_EPILOGUE a generated program is run on each element; without one, the product is stored.
#pragma OPENCL FP_CONTRACT OFF

#ifndef INDEX
#define INDEX long
#endif
#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif
#ifndef ELEMENT
// What memory holds, what is computed in, and the ways between the two. FLOAT32: they are the same.
#define FLOAT32
#define ELEMENT float
#define VALUE float
#define ACCUMULATE(a, b, sum) fma(a, b, sum)
#define LOAD(pointer, index) (pointer)[index]
#define ROUND(sum) (sum)
#endif
#ifndef RESULT
// What the result's memory holds, and what is stored for a product that has been rounded.
#define RESULT ELEMENT
#define STORED(product) (product)
#endif
#ifndef HAS_EPILOGUE
#define PROGRAM_PARAMETERS
#define PROGRAM_ARGUMENTS
#endif

#ifndef SUMS
// Where finished sums lie.
#define SUMS __private
#endif

// Stores `count` finished sums of a line of the result, the first of which is that of the element
// `first`, counted row-major, in column `column`.
inline __attribute__((always_inline)) void store_line(PROGRAM_PARAMETERS SUMS const VALUE *sums,
                                                      const int count, __global RESULT *result,
                                                      const INDEX first, const INDEX line,
                                                      const int column) {
#ifdef HAS_EPILOGUE
  PROGRAM_SETUP
#ifdef ROWS_ARE_LINES
  // The rows that the program's inputs are read by are those of the result.
  const INDEX row = line;
  PROGRAM_ROW
#endif
  VECTORIZE
  for (int n = 0; n < count; n++) {
    const INDEX i = first + n;
#ifdef ROWS_ARE_LINES
    const INDEX j = column + n;
#elif PROGRAM_READS_ROWS
    const INDEX row = i / p_length, j = i - row * p_length;
    PROGRAM_ROW
#endif
    const PRODUCT_TYPE p_v0 = ROUND(sums[n]);
    PROGRAM_ELEMENT
    result[i] = STORED(PROGRAM_RESULT);
  }
#else
  for (int n = 0; n < count; n++) result[first + n] = STORED(ROUND(sums[n]));
#endif
}

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

#ifdef LEFT_TRANSPOSED
#define LEFT_AT(r, k) ((long)(k)*left_leading + (r))
#else
#define LEFT_AT(r, k) ((long)(r)*left_leading + (k))
#endif
#ifdef RIGHT_TRANSPOSED
#define RIGHT_AT(k, c) ((long)(c)*right_leading + (k))
#else
#define RIGHT_AT(k, c) ((long)(k)*right_leading + (c))
#endif

#define MATMUL_PARAMETERS                                                                         \
  __global const ELEMENT *restrict left, const long left_start, const int left_leading,          \
      const long left_outer, const long left_step, __global const ELEMENT *restrict right,       \
      const long right_start, const int right_leading, const long right_outer,                   \
      const long right_step, __global RESULT *result, const long result_start,                   \
      __global VALUE *partial, const long partial_start, const int rows, const int columns,      \
      const int inner, const int inner_piece, const int pieces, const int batch_start,           \
      const int batch_extent

// Group z works on piece z % pieces of the inner axis of matrix z / pieces of the batch. Its sums
// go to `partial` if there are several pieces, else to `result`.
#define MATMUL_PLACE                                                                              \
  const int batch = (int)get_group_id(2) / pieces;                                                \
  const int piece = (int)get_group_id(2) - batch * pieces;                                        \
  const int outer = batch / batch_extent, step = batch - outer * batch_extent;                    \
  const int inner_start = piece * inner_piece;                                                    \
  const int inner_end = min(inner, inner_start + inner_piece);                                    \
  const long result_row = (long)(batch_start + batch) * rows;                                     \
  const long partial_row = result_row + (long)piece * ((int)get_num_groups(2) / pieces) * rows;   \
  __global const ELEMENT *a = left + left_start + outer * left_outer + step * left_step;          \
  __global const ELEMENT *b = right + right_start + outer * right_outer + step * right_step;      \
  __global VALUE *sums_of_piece = partial + partial_start + partial_row * columns;                \
  result += result_start;

#ifdef FEW_LINES

// Products with few columns, or few rows with DOTS_SWAPPED: FEW_LINES or less. Every element is 32
// chains of fma, chain n over the k ≡ n (mod 32) of the piece in ascending order; then chain n and
// n + 16 are added, n and n + 8, and so on.

#ifdef DOTS_SWAPPED
#define MANY_COUNT columns
#define FEW_COUNT rows
#define MANY_AT(line, k) (b + RIGHT_AT(k, line))
#define FEW_AT(line, k) (a + LEFT_AT(line, k))
#define DOT_ROW(many, few) (few)
#define DOT_COLUMN(many, few) (many)
#else
#define MANY_COUNT rows
#define FEW_COUNT columns
#define MANY_AT(line, k) (a + LEFT_AT(line, k))
#define FEW_AT(line, k) (b + RIGHT_AT(k, line))
#define DOT_ROW(many, few) (many)
#define DOT_COLUMN(many, few) (few)
#endif
#define STORE_DOT(sum, many, few)                                                                 \
  do {                                                                                            \
    const int column = DOT_COLUMN(many, few);                                                     \
    const long line = result_row + DOT_ROW(many, few);                                            \
    const VALUE one[1] = {sum};                                                                   \
    if (pieces > 1) {                                                                             \
      sums_of_piece[(long)DOT_ROW(many, few) * columns + column] = one[0];                        \
    } else {                                                                                      \
      store_line(PROGRAM_ARGUMENTS one, 1, result, line * columns + column, line, column);        \
    }                                                                                             \
  } while (0)

#if CPU_FLAVOUR

// One work item `tile_rows` of the many lines. Lines are contiguous along k.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void matmul_dots(
    PROGRAM_PARAMETERS MATMUL_PARAMETERS, const int tile_rows, const int tile_columns) {
  MATMUL_PLACE
  const int first = get_group_id(0) * tile_rows, end = min(MANY_COUNT, first + tile_rows);
  for (int many = first; many < end; many++) {
    JOIN(VALUE, 16) low[FEW_LINES], high[FEW_LINES];
#pragma unroll
    for (int n = 0; n < FEW_LINES; n++) low[n] = high[n] = (JOIN(VALUE, 16))(0);
    int k = inner_start;
    for (; k + 32 <= inner_end; k += 32) {
      const JOIN(VALUE, 16) x = vload16(0, MANY_AT(many, k)), y = vload16(0, MANY_AT(many, k + 16));
#pragma unroll
      for (int n = 0; n < FEW_LINES; n++) {
        const int few = min(n, FEW_COUNT - 1);
        low[n] = ACCUMULATE(x, vload16(0, FEW_AT(few, k)), low[n]);
        high[n] = ACCUMULATE(y, vload16(0, FEW_AT(few, k + 16)), high[n]);
      }
    }
#pragma unroll
    for (int n = 0; n < FEW_LINES; n++) {
      if (n >= FEW_COUNT) continue;
      VALUE chains[32];
      vstore16(low[n], 0, chains);
      vstore16(high[n], 1, chains);
      for (int rest = k; rest < inner_end; rest++)
        chains[rest - k] = ACCUMULATE(*MANY_AT(many, rest), *FEW_AT(n, rest), chains[rest - k]);
      for (int step = 16; step > 0; step /= 2)
        for (int lane = 0; lane < step; lane++) chains[lane] += chains[lane + step];
      STORE_DOT(chains[0], many, n);
    }
  }
}

#else

// One group eight of the many lines, 32 items a line, one a chain.
__kernel __attribute__((reqd_work_group_size(32, 8, 1))) void matmul_dots(
    PROGRAM_PARAMETERS MATMUL_PARAMETERS) {
  __local VALUE chains[FEW_LINES][8][32];
  MATMUL_PLACE
  const int lane = get_local_id(0), slot = get_local_id(1);
  const int many = (int)get_group_id(0) * 8 + slot;
  VALUE sums[FEW_LINES];
#pragma unroll
  for (int n = 0; n < FEW_LINES; n++) sums[n] = 0;
  if (many < MANY_COUNT) {
    for (int k = inner_start + lane; k < inner_end; k += 32) {
      const VALUE x = LOAD(MANY_AT(many, k), 0);
#pragma unroll
      for (int n = 0; n < FEW_LINES; n++)
        sums[n] = ACCUMULATE(x, LOAD(FEW_AT(min(n, FEW_COUNT - 1), k), 0), sums[n]);
    }
  }
#pragma unroll
  for (int n = 0; n < FEW_LINES; n++) chains[n][slot][lane] = sums[n];
  for (int step = 16; step > 0; step /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < step) {
#pragma unroll
      for (int n = 0; n < FEW_LINES; n++) chains[n][slot][lane] += chains[n][slot][lane + step];
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (lane < FEW_LINES && lane < FEW_COUNT && many < MANY_COUNT)
    STORE_DOT(chains[lane][slot][0], many, lane);
}

#endif

#endif

#ifdef ADDS_PIECES

// result[i] = epilogue(Σ over pieces of partial[piece, i], in ascending order) for i below `count`.
// One work item `chunk` elements.
__kernel void matmul_sum(PROGRAM_PARAMETERS __global RESULT *result, const long result_start,
                         __global const VALUE *partial, const long partial_start,
                         const long count, const int columns, const int pieces, const int chunk) {
  result += result_start;
  partial += partial_start;
  const long first = (long)get_global_id(0) * chunk, end = min(count, first + chunk);
  for (long i = first; i < end; i++) {
    VALUE sum = partial[i];
    for (int piece = 1; piece < pieces; piece++) sum += partial[piece * count + i];
    const VALUE one[1] = {sum};
    const long line = i / columns;
    store_line(PROGRAM_ARGUMENTS one, 1, result, i, line, (int)(i - line * columns));
  }
}

#endif
