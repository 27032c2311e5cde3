#pragma OPENCL FP_CONTRACT OFF

// Recurrences for CPUs; what they compute is said in recurrence.cl.
//
// A work item takes some rows of the batch through the whole sequence, so that nothing ever waits.
// The recurrent kernel is packed once into panels of columns.

// A tile of sums that stays in registers is ROWS rows of VECTORS vectors.
#ifdef __AVX512F__
#define WIDTH32 16
#define WIDTH64 8
#define VECTORS 2
#define ROWS 8
#else
#define WIDTH32 8
#define WIDTH64 4
#define VECTORS 3
#define ROWS 4
#endif
#define JOIN_NAMES(a, b) a##b
#define JOIN(a, b) JOIN_NAMES(a, b)
#ifdef IS_FLOAT64
#define WIDTH WIDTH64
#define VECTOR JOIN(double, WIDTH64)
#else
#define WIDTH WIDTH32
#define VECTOR JOIN(float, WIDTH32)
#endif
#define LOAD_VECTOR JOIN(vload, WIDTH)
#define STORE_VECTOR JOIN(vstore, WIDTH)
#define PANEL (WIDTH * VECTORS)
// Of the summed index at a time: a panel of that length stays in the first-level cache.
#define DEPTH 256
#define GROUP __attribute__((reqd_work_group_size(1, 1, 1)))

// packed[panel][k][column], of the kernel or of its transpose.
GROUP
kernel void recurrence_pack(
    MEMORY(const VALUE, matrix), MEMORY(VALUE, packed), const int inner, const int columns,
    const int is_transposed) {
  matrix += matrix_start, packed += packed_start;
  const int first = get_group_id(0) * PANEL, count = min(PANEL, columns - first);
  if (count <= 0) return;
  packed += (long)first * inner;
  for (int k = 0; k < inner; k++) {
    for (int i = 0; i < count; i++)
      packed[(long)k * PANEL + i] =
          is_transposed ? matrix[(long)(first + i) * inner + k] : matrix[(long)k * columns + first + i];
    for (int i = count; i < PANEL; i++) packed[(long)k * PANEL + i] = 0;
  }
}

// result[row][column] = Σ left[row / ROWS][k][row % ROWS] · packed[…][k][column], for whole panels of
// rows and columns.
static void multiply(
    global const VALUE *left, global const VALUE *packed, const int inner, const int columns,
    const int groups, global VALUE *result) {
  const int width = (columns + PANEL - 1) / PANEL * PANEL;
  for (int first = 0; first < inner; first += DEPTH) {
    const int depth = min(DEPTH, inner - first);
    for (int column = 0; column < columns; column += PANEL) {
      global const VALUE *right = packed + (long)column * inner + (long)first * PANEL;
      for (int group = 0; group < groups; group++) {
        global const VALUE *l = left + ((long)group * inner + first) * ROWS;
        global VALUE *tile = result + (long)group * ROWS * width + column;
        VECTOR sums[ROWS][VECTORS];
#pragma unroll
        for (int i = 0; i < ROWS; i++)
#pragma unroll
          for (int v = 0; v < VECTORS; v++)
            sums[i][v] = first > 0 ? LOAD_VECTOR(v, tile + (long)i * width) : (VECTOR)(0);
        for (int k = 0; k < depth; k++) {
          VECTOR line[VECTORS];
#pragma unroll
          for (int v = 0; v < VECTORS; v++) line[v] = LOAD_VECTOR(v, right + k * PANEL);
#pragma unroll
          for (int i = 0; i < ROWS; i++)
#pragma unroll
            for (int v = 0; v < VECTORS; v++)
              sums[i][v] = fma((VECTOR)(l[k * ROWS + i]), line[v], sums[i][v]);
        }
#pragma unroll
        for (int i = 0; i < ROWS; i++)
#pragma unroll
          for (int v = 0; v < VECTORS; v++)
            STORE_VECTOR(sums[i][v], v, tile + (long)i * width);
      }
    }
  }
}

// Where row `r` of what is multiplied lies, one element every ROWS.
#define LEFT(r) (left + (long)((r) / ROWS) * length * ROWS + (r) % ROWS)

GROUP
kernel void recurrence_forward(FORWARD_PARAMETERS, MEMORY(VALUE, work), const int rows) {
  FORWARD_PARTS
  const int first = get_group_id(0) * rows, end = min(batch, first + rows);
  const int groups = (rows + ROWS - 1) / ROWS, length = n;
  const int width = (GATES * n + PANEL - 1) / PANEL * PANEL;
  global VALUE *left = work + work_start +
                       get_group_id(0) * ((long)groups * ROWS * (length + width) + 5 * n);
  global VALUE *product = left + (long)groups * ROWS * length;
  global VALUE *unsaved = product + (long)groups * ROWS * width, *zeros = unsaved + 4 * n;
  for (int j = 0; j < n; j++) zeros[j] = 0;
  for (int r = 0; r < groups * ROWS; r++)
    for (int j = 0; j < n; j++)
      LEFT(r)[j * ROWS] =
          flags & HAS_STATE && first + r < end ? state[(long)(first + r) * n + j] : 0;
  for (int step = 0; step < steps; step++) {
    const int here = place(step, steps, flags), last = place(step - 1, steps, flags);
    if (step > 0 || flags & HAS_STATE)
      multiply(left, matrix, n, GATES * n, groups, product);
    else
      for (int j = 0; j < groups * ROWS * width; j++) product[j] = 0;
    for (int row = first; row < end; row++) {
      const long at = (long)row * steps + here, earlier = (long)row * steps + last;
      global const VALUE *before = step > 0             ? states + earlier * n
                                   : flags & HAS_STATE ? state + (long)row * n
                                                        : zeros;
      global const VALUE *cell_before = step > 0             ? cells + earlier * n
                                        : flags & HAS_STATE ? cell + (long)row * n
                                                             : zeros;
      global VALUE *saved = flags & HAS_GATES ? gates + at * 4 * n : unsaved;
      global VALUE *new_state = states + at * n, *new_cell = cells + at * n;
      if (flags & HAS_MASK && !mask[at]) {
        for (int j = 0; j < n; j++) new_state[j] = before[j];
#if KIND == LSTM
        for (int j = 0; j < n; j++) new_cell[j] = cell_before[j];
#endif
#if KIND != SIMPLE
        for (int j = 0; j < 4 * n; j++) saved[j] = 0;
#endif
        continue;
      }
      global const VALUE *p = projected + at * GATES * n;
      global const VALUE *sums = product + (long)(row - first) * width;
      global const VALUE *added = flags & HAS_BIAS ? bias : zeros;
#define SUM(g) sums[(g) * n + j]
#define SAVED(g, value) saved[(g) * n + j] = value;
      VECTORIZE
      for (int j = 0; j < n; j++)
        ADVANCE(SUM, p, added[j], before[j], cell_before[j], SAVED, new_cell, new_state)
      for (int j = 0; j < n; j++) LEFT(row - first)[j * ROWS] = new_state[j];
    }
  }
}

GROUP
kernel void recurrence_backward(BACKWARD_PARAMETERS, const int rows) {
  BACKWARD_PARTS
  const int first = get_group_id(0) * rows, end = min(batch, first + rows);
  const int groups = (rows + ROWS - 1) / ROWS, length = GATES * n;
  const int width = (n + PANEL - 1) / PANEL * PANEL;
  global VALUE *left =
      work + get_group_id(0) * ((long)groups * ROWS * (length + width + 2 * n) + n);
  global VALUE *product = left + (long)groups * ROWS * length;
  global VALUE *bases = product + (long)groups * ROWS * width;
  global VALUE *cell_slopes = bases + (long)groups * ROWS * n;
  global VALUE *zeros = cell_slopes + (long)groups * ROWS * n;
  for (int j = 0; j < n; j++) zeros[j] = 0;
  for (int j = 0; j < groups * ROWS * length; j++) left[j] = 0;
  for (int j = 0; j < groups * ROWS * width; j++) product[j] = 0;
  for (int j = 0; j < groups * ROWS * 2 * n; j++) bases[j] = 0;
  for (int step = steps - 1; step >= 0; step--) {
    const int here = place(step, steps, flags), last = place(step - 1, steps, flags);
    for (int row = first; row < end; row++) {
      const long at = (long)row * steps + here, earlier = (long)row * steps + last;
      global const VALUE *before = step > 0             ? states + earlier * n
                                   : flags & HAS_STATE ? state + (long)row * n
                                                        : zeros;
      global const VALUE *cell_before = step > 0             ? cells + earlier * n
                                        : flags & HAS_STATE ? cell + (long)row * n
                                                             : zeros;
      global const VALUE *saved = gates + at * 4 * n, *given = upstream + at * n;
      global const VALUE *sums = product + (long)(row - first) * width;
      global const VALUE *cells_given =
          flags & HAS_CELLS_UPSTREAM ? cells_upstream + at * n : zeros;
      global VALUE *base = bases + (long)(row - first) * n;
      global VALUE *dc = cell_slopes + (long)(row - first) * n;
      global VALUE *s = slopes + at * length, *inside = inner + at * n;
      if (flags & HAS_MASK && !mask[at]) {
        for (int j = 0; j < n; j++) {
          base[j] += sums[j] + given[j];
          dc[j] += cells_given[j];
        }
        for (int j = 0; j < length; j++) {
          s[j] = 0;
          LEFT(row - first)[j * ROWS] = 0;
        }
#if KIND == GRU
        for (int j = 0; j < n; j++) inside[j] = 0;
#endif
        continue;
      }
      VECTORIZE
      for (int j = 0; j < n; j++) {
        const VALUE slope_of_state = base[j] + sums[j] + given[j];
        VALUE slope_of_cell = dc[j] + cells_given[j];
        RETREAT(slope_of_state, slope_of_cell, saved, states[at * n + j], before[j],
                cells[at * n + j], cell_before[j], base[j], s, inside)
        dc[j] = slope_of_cell;
      }
      for (int j = 0; j < length; j++)
        LEFT(row - first)[j * ROWS] = KIND == GRU && j >= 2 * n ? inside[j - 2 * n] : s[j];
    }
    if (step > 0 || flags & HAS_STATE) multiply(left, matrix, length, n, groups, product);
  }
  if (!(flags & HAS_STATE)) return;
  for (int row = first; row < end; row++)
    for (int j = 0; j < n; j++) {
      const long at = (long)(row - first) * n + j;
      state_gradient[(long)row * n + j] = bases[at] + product[(long)(row - first) * width + j];
#if KIND == LSTM
      cell_gradient[(long)row * n + j] = cell_slopes[at];
#endif
    }
}
