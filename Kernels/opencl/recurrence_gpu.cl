#pragma OPENCL FP_CONTRACT OFF

// Recurrences for GPUs; what they compute is said in recurrence.cl.
//
// One launch a step, which ends before the next one begins. A work item takes one unit of one row,
// a group SIDE × SIDE of them.

#define SIDE 16
#define GROUP __attribute__((reqd_work_group_size(SIDE, SIDE, 1)))
#define PLACE                                                                  \
  const int x = get_local_id(0), y = get_local_id(1);                          \
  const int j = get_group_id(0) * SIDE + x, row = get_group_id(1) * SIDE + y;  \
  const int here = place(step, steps, flags), last = place(step - 1, steps, flags); \
  const long at = (long)row * steps + here, earlier = (long)row * steps + last;
#define BEFORE(initial, sequence)                    \
  (step > 0 ? (sequence)[earlier * n + j]            \
            : flags & HAS_STATE ? (initial)[(long)row * n + j] : (VALUE)0)

GROUP
kernel void recurrence_forward(FORWARD_PARAMETERS, const int step) {
  local VALUE left[SIDE][SIDE + 1], right[GATES][SIDE][SIDE + 1];
  FORWARD_PARTS
  PLACE
  VALUE sums[GATES];
  for (int g = 0; g < GATES; g++) sums[g] = 0;
  const int depth = step > 0 || flags & HAS_STATE ? n : 0;
  global const VALUE *lines = step > 0 ? states + earlier * n : state + (long)row * n;
  for (int first = 0; first < depth; first += SIDE) {
    left[y][x] = row < batch && first + x < n ? lines[first + x] : 0;
    for (int g = 0; g < GATES; g++)
      right[g][y][x] =
          first + y < n && j < n ? matrix[((long)(first + y) * GATES + g) * n + j] : 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = 0; k < SIDE; k++)
      for (int g = 0; g < GATES; g++) sums[g] = fma(left[y][k], right[g][k][x], sums[g]);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (row >= batch || j >= n) return;
  global VALUE *new_state = states + at * n, *new_cell = cells + at * n;
  global VALUE *saved = gates + at * 4 * n;
  const VALUE before = BEFORE(state, states);
#if KIND == LSTM
  const VALUE cell_before = BEFORE(cell, cells);
#endif
  if (flags & HAS_MASK && !mask[at]) {
    new_state[j] = before;
#if KIND == LSTM
    new_cell[j] = cell_before;
#endif
#if KIND != SIMPLE
    for (int g = 0; flags & HAS_GATES && g < 4; g++) saved[g * n + j] = 0;
#endif
    return;
  }
  global const VALUE *p = projected + at * GATES * n;
#if KIND == GRU
  const VALUE added = flags & HAS_BIAS ? bias[j] : (VALUE)0;
#endif
#define SUM(g) sums[g]
#define SAVED(g, value) \
  if (flags & HAS_GATES) saved[(g) * n + j] = value;
  ADVANCE(SUM, p, added, before, cell_before, SAVED, new_cell, new_state)
}

// The steps from the last to the first, then -1, which leaves the gradients of where it started.
// `work` holds what reaches each state other than through the product [batch, n], then the gradients
// of an LSTM's cells [batch, n].
GROUP
kernel void recurrence_backward(BACKWARD_PARAMETERS, const int step) {
  local VALUE left[SIDE][SIDE + 1], right[SIDE][SIDE + 1];
  BACKWARD_PARTS
  PLACE
  const int length = GATES * n, top = get_group_id(0) * SIDE;
  // The step that the gradients come from.
  const bool is_last = step == steps - 1;
  const long later = (long)row * steps + place(step + 1, steps, flags);
  const int depth = is_last ? 0 : length;
  VALUE sum = 0;
  for (int first = 0; first < depth; first += SIDE) {
    const int k = first + x;
#if KIND == GRU
    left[y][x] = row >= batch || k >= length ? (VALUE)0
                 : k < 2 * n                 ? slopes[later * length + k]
                                             : inner[later * n + k - 2 * n];
#else
    left[y][x] = row < batch && k < length ? slopes[later * length + k] : (VALUE)0;
#endif
    right[y][x] = top + y < n && k < length ? matrix[(long)(top + y) * length + k] : (VALUE)0;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = 0; i < SIDE; i++) sum = fma(left[y][i], right[x][i], sum);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (row >= batch || j >= n) return;
  const long item = (long)row * n + j;
  global VALUE *bases = work + item, *cell_slopes = bases + (long)batch * n;
  VALUE slope_of_state = is_last ? (VALUE)0 : *bases + sum;
#if KIND == LSTM
  VALUE slope_of_cell = is_last ? (VALUE)0 : *cell_slopes;
#endif
  if (step < 0) {
    state_gradient[item] = slope_of_state;
#if KIND == LSTM
    cell_gradient[item] = slope_of_cell;
#endif
    return;
  }
  slope_of_state += upstream[at * n + j];
#if KIND == LSTM
  if (flags & HAS_CELLS_UPSTREAM) slope_of_cell += cells_upstream[at * n + j];
#endif
  global VALUE *s = slopes + at * length, *inside = inner + at * n;
  if (flags & HAS_MASK && !mask[at]) {
    for (int g = 0; g < GATES; g++) s[g * n + j] = 0;
#if KIND == GRU
    inside[j] = 0;
#endif
    *bases = slope_of_state;
  } else {
    global const VALUE *saved = gates + at * 4 * n;
#if KIND == LSTM
    const VALUE cell_before = BEFORE(cell, cells), cell_here = cells[at * n + j];
#elif KIND == GRU
    const VALUE before = BEFORE(state, states);
#else
    const VALUE state_here = states[at * n + j];
#endif
    VALUE base;
    RETREAT(slope_of_state, slope_of_cell, saved, state_here, before, cell_here, cell_before, base,
            s, inside)
    *bases = base;
  }
#if KIND == LSTM
  *cell_slopes = slope_of_cell;
#endif
}
