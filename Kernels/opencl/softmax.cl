#pragma OPENCL FP_CONTRACT OFF

// Softmax along the middle axis of [outer, count, inner], its logarithm, and the gradients of both.
// After softmax_rows.cl.
//
// `rows` where inner is 1: a CPU's work item takes `share` rows, a team of a GPU's items one.
// `columns` elsewhere, and for short rows on CPUs: a CPU's item takes up to WIDTH of them side by
// side, a GPU's item one. Element c of column j is at c * step + j * beside.

#define WIDTH 64

// What takes part in row `row`: scaled, masked, and up to the query itself if it is causal.
#define MASK_PARAMETERS                                                                      \
  global const uchar *mask, const long mask_start, const int mask_kind, const int is_causal, \
      const TYPE scale, const long heads, const long queries, const long batch_stride,       \
      const long head_stride, const long query_stride, const long mask_step

#define MASK_SETUP                                                                           \
  const long query = row % queries;                                                          \
  const long head = row / queries % heads;                                                   \
  const long batch = row / queries / heads;                                                  \
  const long n = is_causal ? min(count, query + 1) : count;                                  \
  const long mask_at = batch * batch_stride + head * head_stride + query * query_stride;     \
  global const uchar *allowed = mask + mask_start + mask_at;                                 \
  global const TYPE *added = (global const TYPE *)(mask + mask_start) + mask_at;

#if CPU_FLAVOUR

#define GROUP __attribute__((reqd_work_group_size(1, 1, 1)))

GROUP kernel void forward_rows(
    global const TYPE *x, const long x_start, MASK_PARAMETERS, global TYPE *y,
    const long y_start, const long outer, const long count, const long share,
    const int is_logarithm) {
  const long first = get_group_id(0) * share;
  for (long row = first; row < min(outer, first + share); row++) {
    MASK_SETUP
    global const TYPE *from = x + x_start + row * count;
    global TYPE *to = y + y_start + row * count;
    if (mask_kind == 1) {
      INDEPENDENT
      for (long i = 0; i < n; i++) to[i] = allowed[i * mask_step] ? from[i] * scale : NOTHING;
      from = to;
    } else if (mask_kind == 2) {
      INDEPENDENT
      for (long i = 0; i < n; i++) to[i] = fma(from[i], scale, added[i * mask_step]);
      from = to;
    } else if (scale != (TYPE)1) {
      INDEPENDENT
      for (long i = 0; i < n; i++) to[i] = from[i] * scale;
      from = to;
    }
    TYPE shift = largest(from, n);
    const bool is_nothing = shift == NOTHING;
    if (is_nothing) shift = 0;
    if (is_logarithm) {
      const TYPE total = exponentials(from, shift, to, n);
      const TYPE low = is_nothing ? (TYPE)0 : LOG1P(total - (TYPE)1);
      INDEPENDENT
      for (long i = 0; i < n; i++) to[i] = (from[i] - shift) - low;
    } else {
      const TYPE total = exponentials(from, shift, to, n);
      const TYPE factor = is_nothing ? (TYPE)0 : (TYPE)1 / total;
      INDEPENDENT
      for (long i = 0; i < n; i++) to[i] *= factor;
      for (long i = n; i < count; i++) to[i] = 0;
    }
  }
}

GROUP kernel void gradient_rows(
    global const TYPE *x, const long x_start, global const TYPE *g, const long g_start,
    global TYPE *y, const long y_start, const long outer, const long count, const long share,
    const int is_logarithm, const TYPE scale) {
  const long first = get_group_id(0) * share;
  for (long row = first; row < min(outer, first + share); row++) {
    global const TYPE *from = x + x_start + row * count;
    global const TYPE *upstream = g + g_start + row * count;
    global TYPE *to = y + y_start + row * count;
    TYPE total = 0;
    if (is_logarithm) {
      SUM(total, count, upstream[i])
      INDEPENDENT
      for (long i = 0; i < count; i++) to[i] = upstream[i] - EXP(from[i]) * total;
    } else {
      SUM(total, count, from[i] * upstream[i])
      INDEPENDENT
      for (long i = 0; i < count; i++) to[i] = scale * from[i] * (upstream[i] - total);
    }
  }
}

#define PLACE                                                  \
  const long blocks = (across + WIDTH - 1) / WIDTH;            \
  const long o = get_group_id(0) / blocks;                     \
  const long column = get_group_id(0) % blocks * WIDTH;        \
  const int width = (int)min((long)WIDTH, across - column);    \
  const long start = o * apart + column * beside;              \
  x += x_start + start;                                        \
  y += y_start + start;

GROUP kernel void forward_columns(
    global const TYPE *x, const long x_start, global TYPE *y, const long y_start,
    const long outer, const long apart, const long across, const long count, const long step,
    const long beside, const int is_logarithm) {
  PLACE
  TYPE shift[WIDTH], sum[WIDTH];
  for (int j = 0; j < width; j++) shift[j] = NOTHING;
  for (long c = 0; c < count; c++) {
    INDEPENDENT
    for (int j = 0; j < width; j++) shift[j] = LARGER(x[c * step + j * beside], shift[j]);
  }
  for (int j = 0; j < width; j++) {
    shift[j] = shift[j] == NOTHING ? (TYPE)0 : shift[j];
    sum[j] = 0;
  }
  for (long c = 0; c < count; c++) {
    INDEPENDENT
    for (int j = 0; j < width; j++) {
      const TYPE e = EXP(x[c * step + j * beside] - shift[j]);
      y[c * step + j * beside] = e;
      sum[j] += e;
    }
  }
  if (is_logarithm) {
    for (int j = 0; j < width; j++)
      sum[j] = sum[j] == (TYPE)0 ? (TYPE)0 : LOG1P(sum[j] - (TYPE)1);
    for (long c = 0; c < count; c++) {
      INDEPENDENT
      for (int j = 0; j < width; j++)
        y[c * step + j * beside] = (x[c * step + j * beside] - shift[j]) - sum[j];
    }
  } else {
    for (int j = 0; j < width; j++) sum[j] = sum[j] == (TYPE)0 ? (TYPE)0 : (TYPE)1 / sum[j];
    for (long c = 0; c < count; c++) {
      INDEPENDENT
      for (int j = 0; j < width; j++) y[c * step + j * beside] *= sum[j];
    }
  }
}

GROUP kernel void gradient_columns(
    global const TYPE *x, const long x_start, global const TYPE *g, const long g_start,
    global TYPE *y, const long y_start, const long outer, const long apart, const long across,
    const long count, const long step, const long beside, const int is_logarithm,
    const TYPE scale) {
  PLACE
  g += g_start + start;
  TYPE sum[WIDTH];
  for (int j = 0; j < width; j++) sum[j] = 0;
  for (long c = 0; c < count; c++) {
    const long at = c * step;
    if (is_logarithm) {
      INDEPENDENT
      for (int j = 0; j < width; j++) sum[j] += g[at + j * beside];
    } else {
      INDEPENDENT
      for (int j = 0; j < width; j++) sum[j] += x[at + j * beside] * g[at + j * beside];
    }
  }
  for (long c = 0; c < count; c++) {
    const long at = c * step;
    if (is_logarithm) {
      INDEPENDENT
      for (int j = 0; j < width; j++)
        y[at + j * beside] = g[at + j * beside] - EXP(x[at + j * beside]) * sum[j];
    } else {
      INDEPENDENT
      for (int j = 0; j < width; j++)
        y[at + j * beside] = scale * x[at + j * beside] * (g[at + j * beside] - sum[j]);
    }
  }
}

#else

#define GROUP __attribute__((reqd_work_group_size(ITEMS, 1, 1)))

// A team of `share` items takes a row.
#define PLACE                                              \
  local TYPE states[ITEMS];                                \
  const int team = (int)share;                             \
  const int item = get_local_id(0);                        \
  const int lane = item % team;                            \
  const long asked = (long)get_group_id(0) * (ITEMS / team) + item / team; \
  const bool exists = asked < outer;                       \
  const long row = exists ? asked : 0;

#define VALUE(i)                                                              \
  (mask_kind == 1   ? (allowed[(i) * mask_step] ? from[i] * scale : NOTHING)  \
   : mask_kind == 2 ? fma(from[i], scale, added[(i) * mask_step])             \
                    : from[i] * scale)

GROUP kernel void forward_rows(
    global const TYPE *x, const long x_start, MASK_PARAMETERS, global TYPE *y,
    const long y_start, const long outer, const long count, const long share,
    const int is_logarithm) {
  PLACE
  MASK_SETUP
  global const TYPE *from = x + x_start + row * count;
  global TYPE *to = y + y_start + row * count;
  TYPE state = NOTHING;
  for (long i = lane; i < n; i += team) {
    const TYPE value = VALUE(i);
    state = LARGER(value, state);
  }
  TYPE shift = largest_of_team(state, states, item, team);
  const bool is_nothing = shift == NOTHING;
  if (is_nothing) shift = 0;
  state = 0;
  for (long i = lane; i < n; i += team) state += EXP(VALUE(i) - shift);
  const TYPE total = sum_of_team(state, states, item, team);
  if (!exists) return;
  if (is_logarithm) {
    const TYPE low = is_nothing ? (TYPE)0 : LOG1P(total - (TYPE)1);
    for (long i = lane; i < n; i += team) to[i] = (VALUE(i) - shift) - low;
  } else {
    const TYPE factor = is_nothing ? (TYPE)0 : (TYPE)1 / total;
    for (long i = lane; i < count; i += team)
      to[i] = i < n ? EXP(VALUE(i) - shift) * factor : (TYPE)0;
  }
}

GROUP kernel void gradient_rows(
    global const TYPE *x, const long x_start, global const TYPE *g, const long g_start,
    global TYPE *y, const long y_start, const long outer, const long count, const long share,
    const int is_logarithm, const TYPE scale) {
  PLACE
  global const TYPE *from = x + x_start + row * count;
  global const TYPE *upstream = g + g_start + row * count;
  global TYPE *to = y + y_start + row * count;
  TYPE state = 0;
  for (long i = lane; i < count; i += team)
    state += is_logarithm ? upstream[i] : from[i] * upstream[i];
  const TYPE total = sum_of_team(state, states, item, team);
  if (!exists) return;
  for (long i = lane; i < count; i += team)
    to[i] = is_logarithm ? upstream[i] - EXP(from[i]) * total
                         : scale * from[i] * (upstream[i] - total);
}

#define COLUMN                                                  \
  const long item = get_global_id(0);                           \
  if (item >= outer * across) return;                           \
  const long start = item / across * apart + item % across * beside; \
  x += x_start + start;                                         \
  y += y_start + start;

GROUP kernel void forward_columns(
    global const TYPE *x, const long x_start, global TYPE *y, const long y_start,
    const long outer, const long apart, const long across, const long count, const long step,
    const long beside, const int is_logarithm) {
  COLUMN
  TYPE shift = NOTHING;
  for (long c = 0; c < count; c++) shift = LARGER(x[c * step], shift);
  if (shift == NOTHING) shift = 0;
  TYPE sum = 0;
  for (long c = 0; c < count; c++) sum += EXP(x[c * step] - shift);
  if (is_logarithm) {
    const TYPE low = sum == (TYPE)0 ? (TYPE)0 : LOG1P(sum - (TYPE)1);
    for (long c = 0; c < count; c++) y[c * step] = (x[c * step] - shift) - low;
  } else {
    const TYPE factor = sum == (TYPE)0 ? (TYPE)0 : (TYPE)1 / sum;
    for (long c = 0; c < count; c++) y[c * step] = EXP(x[c * step] - shift) * factor;
  }
}

GROUP kernel void gradient_columns(
    global const TYPE *x, const long x_start, global const TYPE *g, const long g_start,
    global TYPE *y, const long y_start, const long outer, const long apart, const long across,
    const long count, const long step, const long beside, const int is_logarithm,
    const TYPE scale) {
  COLUMN
  g += g_start + start;
  TYPE sum = 0;
  for (long c = 0; c < count; c++)
    sum += is_logarithm ? g[c * step] : x[c * step] * g[c * step];
  for (long c = 0; c < count; c++)
    y[c * step] = is_logarithm ? g[c * step] - EXP(x[c * step]) * sum
                               : scale * x[c * step] * (g[c * step] - sum);
}

#endif
