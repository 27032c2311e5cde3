#pragma OPENCL FP_CONTRACT OFF

// Windows over images [batch, rows, columns, channels], channels last. `shape` is (batch, rows and
// columns of the input, rows and columns of the results, channels, the width of a window).
//
// `tables` holds (first, count, start of weights, divisor) for each row of the results, then for each
// column: which rows and columns of the input it is made of. Then for each row and column of the
// input: which results it is part of.
//
// Winners are int indices into the plane if COUNTS_IN_PLANE, else bytes that count positions from
// the first that the window sees.
//
// On a CPU a work item takes a row of results and many channels at once, on a GPU one element.

#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif
#ifndef TYPE
#define TYPE float
#define INDEX int
// How many channels are taken at once, if there are as many.
#define WIDE 16
#define NARROW 4
#define IS_FLOATING 1
#define WINNER uchar
#define COUNTS_IN_PLANE 0
#define FINDS_WINNERS 1
#endif

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
// The same, for use inside what JOIN makes.
#define MERGE_(a, b) a##b
#define MERGE(a, b) MERGE_(a, b)
#define VECTOR_1 TYPE
#define VECTOR_2 MERGE(TYPE, 2)
#define VECTOR_4 MERGE(TYPE, 4)
#define VECTOR_8 MERGE(TYPE, 8)
#define VECTOR_16 MERGE(TYPE, 16)
#define MASK_1 INDEX
#define MASK_2 MERGE(INDEX, 2)
#define MASK_4 MERGE(INDEX, 4)
#define MASK_8 MERGE(INDEX, 8)
#define MASK_16 MERGE(INDEX, 16)
#define BYTES_1 WINNER
#define BYTES_2 MERGE(WINNER, 2)
#define BYTES_4 MERGE(WINNER, 4)
#define BYTES_8 MERGE(WINNER, 8)
#define BYTES_16 MERGE(WINNER, 16)
#define LOAD_1(at) (*(at))
#define LOAD_2(at) vload2(0, at)
#define LOAD_4(at) vload4(0, at)
#define LOAD_8(at) vload8(0, at)
#define LOAD_16(at) vload16(0, at)
#define STORE_1(value, at) (*(at) = (value))
#define STORE_2(value, at) vstore2(value, 0, at)
#define STORE_4(value, at) vstore4(value, 0, at)
#define STORE_8(value, at) vstore8(value, 0, at)
#define STORE_16(value, at) vstore16(value, 0, at)
#define VECTOR(n) JOIN(VECTOR_, n)
#define MASK(n) JOIN(MASK_, n)
#define LOAD(n) JOIN(LOAD_, n)
#define STORE(n) JOIN(STORE_, n)
#define NAME(name, n) JOIN(name, n)
#define TO_MASK(n) MERGE(convert_, MASK(n))
#define TO_WINNERS(n) MERGE(convert_, JOIN(BYTES_, n))

#if IS_FLOATING
#define WIN(value, best) ((value) > (best)) | ((value) != (value))
#else
#define WIN(value, best) ((value) > (best))
#endif

#define INPUT_ROWS shape.s1
#define INPUT_COLUMNS shape.s2
#define OUTPUT_ROWS shape.s3
#define OUTPUT_COLUMNS shape.s4
#define CHANNELS shape.s5
#define WIDTH shape.s6
#define LINE (INPUT_COLUMNS * CHANNELS)
#define SPAN(k) vload4(k, tables)
#define ROW(i) SPAN(i)
#define COLUMN(j) SPAN(OUTPUT_ROWS + (j))
#define ROW_OWNERS(r) SPAN(OUTPUT_ROWS + OUTPUT_COLUMNS + (r))
#define COLUMN_OWNERS(k) SPAN(OUTPUT_ROWS + OUTPUT_COLUMNS + INPUT_ROWS + (k))

// The winner that a position of the input is, and how far the next row is from it.
#if COUNTS_IN_PLANE
#define START(row, column) ((INDEX)((row).s0 * INPUT_COLUMNS + (column).s0))
#define STEP ((INDEX)INPUT_COLUMNS)
#define PLACE(row, column, r, k) ((INDEX)((r) * INPUT_COLUMNS + (k)))
#else
#define START(row, column) ((INDEX)0)
#define STEP ((INDEX)WIDTH)
#define PLACE(row, column, r, k) ((INDEX)(((r) - (row).s0) * WIDTH + (k) - (column).s0))
#endif

// Runs `name` for all channels `c`: n at once. The last of some channels are computed twice rather
// than one by one.
#if CPU_FLAVOUR
#define GROUP __attribute__((reqd_work_group_size(1, 1, 1)))
#define OVER(n, name, ...)                                  \
  for (long next = 0; next < CHANNELS; next += n) {         \
    const long c = min(next, CHANNELS - n);                 \
    NAME(name, n)(__VA_ARGS__);                             \
  }
#define OVER_CHANNELS(name, ...)                            \
  if (CHANNELS >= WIDE) {                                   \
    OVER(WIDE, name, __VA_ARGS__)                           \
  } else if (CHANNELS >= NARROW) {                          \
    OVER(NARROW, name, __VA_ARGS__)                         \
  } else {                                                  \
    OVER(1, name, __VA_ARGS__)                              \
  }
#define EACH_LANES(define) define(1) define(NARROW) define(WIDE)
// The rows and columns of what is made: a work item has the row `row` and takes all columns.
#define POSITIONS(rows, columns)                            \
  const long row = get_group_id(0);                         \
  const long n = row / (rows), i = row % (rows);            \
  for (long j = 0; j < (columns); j++)
#else
#define ITEMS 256
#define GROUP __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
#define OVER_CHANNELS(name, ...) NAME(name, 1)(__VA_ARGS__);
#define EACH_LANES(define) define(1)
#define POSITIONS(rows, columns)                            \
  const long item = get_global_id(0);                       \
  const long c = item % CHANNELS, position = item / CHANNELS; \
  const long j = position % (columns), row = position / (columns); \
  const long n = row / (rows), i = row % (rows);            \
  if (n < shape.s0)
#endif

#if FINDS_WINNERS
#define WINNERS_PARAMETERS global WINNER *winners, const long winners_start,
#define STORE_WINNERS(n) STORE(n)(TO_WINNERS(n)(winner), winners + at);
#else
#define WINNERS_PARAMETERS
#define STORE_WINNERS(n)
#endif

#define MAXIMUM(L)                                                                           \
  static inline void NAME(maximum_, L)(                                                      \
      global const TYPE *image, const long8 shape, const int4 row, const int4 column,        \
      global TYPE *result, global WINNER *winners, const long at) {                          \
    global const TYPE *corner = image + row.s0 * LINE + column.s0 * CHANNELS;                \
    VECTOR(L) best = LOAD(L)(corner);                                                        \
    MASK(L) winner = (MASK(L))(START(row, column));                                          \
    for (int a = 0; a < row.s1; a++)                                                         \
      for (int b = 0; b < column.s1; b++) {                                                  \
        const VECTOR(L) value = LOAD(L)(corner + a * LINE + b * CHANNELS);                   \
        const MASK(L) wins = (MASK(L))(WIN(value, best));                                    \
        best = select(best, value, wins);                                                    \
        winner = select(winner, (MASK(L))(START(row, column) + a * STEP + b), wins);         \
      }                                                                                      \
    STORE(L)(best, result + at);                                                             \
    STORE_WINNERS(L)                                                                         \
  }
EACH_LANES(MAXIMUM)

// result[n,i,j,c] = the largest of the window at (i, j); winners[n,i,j,c] = where it is. Of equal
// ones the first, of NaNs the last.
GROUP kernel void maximum(
    global const TYPE *input, const long input_start, global TYPE *result, const long result_start,
    WINNERS_PARAMETERS global const int *tables, const long tables_start, const long8 shape) {
  input += input_start;
  result += result_start;
  tables += tables_start;
#if FINDS_WINNERS
  winners += winners_start;
#else
  global WINNER *winners = 0;
#endif
  POSITIONS(OUTPUT_ROWS, OUTPUT_COLUMNS) {
    global const TYPE *image = input + n * INPUT_ROWS * LINE;
    const long at = (row * OUTPUT_COLUMNS + j) * CHANNELS;
    OVER_CHANNELS(maximum_, image + c, shape, ROW(i), COLUMN(j), result, winners, at + c)
  }
}

#if IS_FLOATING

#define SPREAD(L)                                                                            \
  static inline void NAME(spread_, L)(                                                       \
      global const TYPE *values, global const WINNER *winners, global const int *tables,     \
      const long8 shape, const long image, const long r, const long k, const long c,         \
      global TYPE *result) {                                                                 \
    const int4 rows = ROW_OWNERS(r), columns = COLUMN_OWNERS(k);                             \
    VECTOR(L) sum = (VECTOR(L))(0);                                                          \
    for (long i = rows.s0; i < rows.s0 + rows.s1; i++)                                       \
      for (long j = columns.s0; j < columns.s0 + columns.s1; j++) {                          \
        const long at = image + (i * OUTPUT_COLUMNS + j) * CHANNELS + c;                     \
        const MASK(L) place = (MASK(L))(PLACE(ROW(i), COLUMN(j), r, k));                     \
        const MASK(L) won = TO_MASK(L)(LOAD(L)(winners + at)) == place;                      \
        sum += select((VECTOR(L))(0), LOAD(L)(values + at), (MASK(L))(won));                 \
      }                                                                                      \
    STORE(L)(sum, result);                                                                   \
  }
EACH_LANES(SPREAD)

// result[n,r,k,c] = the sum of the values of the windows that this element of the input won.
GROUP kernel void spread(
    global const TYPE *values, const long values_start, global const WINNER *winners,
    const long winners_start, global TYPE *result, const long result_start,
    global const int *tables, const long tables_start, const long8 shape) {
  values += values_start;
  winners += winners_start;
  result += result_start;
  tables += tables_start;
  POSITIONS(INPUT_ROWS, INPUT_COLUMNS) {
    const long image = n * OUTPUT_ROWS * OUTPUT_COLUMNS * CHANNELS;
    global TYPE *at = result + (row * INPUT_COLUMNS + j) * CHANNELS;
    OVER_CHANNELS(spread_, values, winners, tables, shape, image, i, j, c, at + c)
  }
}

#define PICK(L)                                                                              \
  static inline void NAME(pick_, L)(                                                         \
      global const TYPE *image, global const WINNER *winners, const long8 shape,             \
      const int4 row, const int4 column, global TYPE *result, const long at) {               \
    global const TYPE *corner = image + row.s0 * LINE + column.s0 * CHANNELS;                \
    const MASK(L) winner = TO_MASK(L)(LOAD(L)(winners + at));                                \
    VECTOR(L) picked = (VECTOR(L))(0);                                                       \
    for (int a = 0; a < row.s1; a++)                                                         \
      for (int b = 0; b < column.s1; b++) {                                                  \
        const MASK(L) won = winner == (MASK(L))(START(row, column) + a * STEP + b);          \
        picked = select(picked, LOAD(L)(corner + a * LINE + b * CHANNELS), (MASK(L))(won));  \
      }                                                                                      \
    STORE(L)(picked, result + at);                                                           \
  }
EACH_LANES(PICK)

// result[n,i,j,c] = the element of the input that won the window at (i, j).
GROUP kernel void pick(
    global const TYPE *input, const long input_start, global const WINNER *winners,
    const long winners_start, global TYPE *result, const long result_start,
    global const int *tables, const long tables_start, const long8 shape) {
  input += input_start;
  winners += winners_start;
  result += result_start;
  tables += tables_start;
  POSITIONS(OUTPUT_ROWS, OUTPUT_COLUMNS) {
    global const TYPE *image = input + n * INPUT_ROWS * LINE;
    const long at = (row * OUTPUT_COLUMNS + j) * CHANNELS;
    OVER_CHANNELS(pick_, image + c, winners, shape, ROW(i), COLUMN(j), result, at + c)
  }
}

#define RESAMPLE(L)                                                                          \
  static inline void NAME(resample_, L)(                                                     \
      global const TYPE *image, const long8 shape, const int4 row, const int4 column,        \
      global const TYPE *row_weights, global const TYPE *column_weights,                     \
      global TYPE *result) {                                                                 \
    global const TYPE *corner = image + row.s0 * LINE + column.s0 * CHANNELS;                \
    VECTOR(L) sum = (VECTOR(L))(0);                                                          \
    for (int b = 0; b < column.s1; b++) {                                                    \
      VECTOR(L) part = (VECTOR(L))(0);                                                       \
      for (int a = 0; a < row.s1; a++)                                                       \
        part = fma((VECTOR(L))(row_weights[row.s2 + a]),                                     \
            LOAD(L)(corner + a * LINE + b * CHANNELS), part);                                \
      sum = fma((VECTOR(L))(column_weights[column.s2 + b]), part, sum);                      \
    }                                                                                        \
    const long divisor = (long)row.s3 * column.s3;                                           \
    STORE(L)(divisor == 1 ? sum : sum / (VECTOR(L))((TYPE)divisor), result);                 \
  }
EACH_LANES(RESAMPLE)

// result[n,i,j,c] = Σ column weight · (Σ row weight · input[n,r,k,c]) / divisors. WIDTH is where the
// weights of columns begin.
GROUP kernel void resample(
    global const TYPE *input, const long input_start, global TYPE *result, const long result_start,
    global const int *tables, const long tables_start, global const TYPE *weights,
    const long weights_start, const long8 shape) {
  input += input_start;
  result += result_start;
  tables += tables_start;
  weights += weights_start;
  POSITIONS(OUTPUT_ROWS, OUTPUT_COLUMNS) {
    global const TYPE *image = input + n * INPUT_ROWS * LINE;
    global TYPE *at = result + (row * OUTPUT_COLUMNS + j) * CHANNELS;
    OVER_CHANNELS(
        resample_, image + c, shape, ROW(i), COLUMN(j), weights, weights + WIDTH, at + c)
  }
}

#endif
