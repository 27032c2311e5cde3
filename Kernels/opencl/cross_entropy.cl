#pragma OPENCL FP_CONTRACT OFF

// Of each row of logits x: loss = Σ q · (log Σ exp(x) - x), and gradient = upstream · (p Σ q - q) with
// p the softmax; of logarithms of probabilities: loss = -Σ q · x, gradient = -upstream · q.
//
// q = weight · (keep · target + spread), weight being that of the class. Targets are numbers a class
// (label kind 3) or one label a row: int, long or uchar. A row with a label that is ignored, or out
// of range, counts for nothing; for the latter `fault_number` is left in `fault`.
//
// After softmax_rows.cl. A CPU's work item takes `share` rows, a team of `share` items of a GPU one.

#define IS_DENSE (label_kind == 3)
#define WANTS_LOSSES (wanted & 1)
#define WANTS_GRADIENT (wanted & 2)

static inline long label_at(global const uchar *labels, const int label_kind, const long row) {
  return label_kind == 0   ? ((global const int *)labels)[row]
         : label_kind == 1 ? ((global const long *)labels)[row]
                           : labels[row];
}

#define PARAMETERS                                                                                 \
  global const TYPE *x, const long x_start, global const uchar *labels, const long labels_start,   \
      const int label_kind, global const TYPE *weights, const long weights_start,                  \
      const int has_weights, global const TYPE *upstream, const long upstream_start,               \
      const long upstream_stride, global TYPE *losses, const long losses_start,                    \
      global TYPE *gradient, const long gradient_start, const int wanted, const long rows,         \
      const long classes, const long share, const int takes_logits, const TYPE keep,               \
      const TYPE spread, const int has_ignored, const long ignored, global int *fault,             \
      const int fault_number

// The row's label, -1 where targets are dense; whether it counts.
#define ROW_SETUP                                                                                  \
  global const TYPE *from = x + x_start + row * classes;                                           \
  global TYPE *to = gradient + (WANTS_GRADIENT ? gradient_start + row * classes : 0);              \
  global const TYPE *dense = (global const TYPE *)(labels + labels_start) +                        \
                             (IS_DENSE ? row * classes : 0);                                       \
  long label = -1;                                                                                 \
  bool counts = true;                                                                              \
  if (!IS_DENSE) {                                                                                 \
    label = label_at(labels + labels_start, label_kind, row);                                      \
    const bool is_ignored = has_ignored && label == ignored;                                       \
    const bool is_wrong = !is_ignored && (label < 0 || label >= classes);                          \
    if (is_wrong) *fault = fault_number;                                                           \
    counts = !is_ignored && !is_wrong;                                                             \
    if (!counts) label = 0;                                                                        \
  }                                                                                                \
  const TYPE scale = WANTS_GRADIENT ? upstream[upstream_start + row * upstream_stride] : (TYPE)0;  \
  global const TYPE *class_weights = weights + weights_start;                                      \
  const TYPE direct = IS_DENSE || !has_weights ? keep : keep * class_weights[label];

// What is expected of class i, without what the label alone has.
#define SHARE(i) \
  ((IS_DENSE ? keep * dense[i] + spread : spread) * (has_weights ? class_weights[i] : (TYPE)1))
#define DISTANCE(i) (SHARE(i) == (TYPE)0 ? (TYPE)0 : SHARE(i) * (top - from[i]))

#if CPU_FLAVOUR

#define GROUP __attribute__((reqd_work_group_size(1, 1, 1)))

GROUP kernel void cross_entropy(PARAMETERS) {
  const long first_row = get_group_id(0) * share;
  const bool is_spread = IS_DENSE || spread != (TYPE)0;
  for (long row = first_row; row < min(rows, first_row + share); row++) {
    ROW_SETUP
    if (!counts) {
      if (WANTS_LOSSES) losses[losses_start + row] = 0;
      if (WANTS_GRADIENT)
        for (long i = 0; i < classes; i++) to[i] = 0;
      continue;
    }
    TYPE whole = IS_DENSE ? (TYPE)0 : direct;
    if (is_spread) { SUM(whole, classes, SHARE(i)) }
    TYPE top = 0, total = 1;
    if (takes_logits) {
      top = largest(from, classes);
      total = 0;
      if (WANTS_GRADIENT) {
        total = exponentials(from, top, to, classes);
      } else {
        SUM(total, classes, EXP(from[i] - top))
      }
    }
    if (WANTS_LOSSES) {
      TYPE loss = takes_logits ? whole * LOG1P(total - (TYPE)1) : (TYPE)0;
      if (!IS_DENSE) loss += direct * (top - from[label]);
      if (is_spread) { SUM(loss, classes, DISTANCE(i)) }
      losses[losses_start + row] = loss;
    }
    if (!WANTS_GRADIENT) continue;
    const TYPE factor = takes_logits ? scale * whole / total : (TYPE)0;
    if (!takes_logits) {
      for (long i = 0; i < classes; i++) to[i] = is_spread ? -scale * SHARE(i) : (TYPE)0;
    } else if (is_spread) {
      for (long i = 0; i < classes; i++) to[i] = to[i] * factor - scale * SHARE(i);
    } else {
      INDEPENDENT
      for (long i = 0; i < classes; i++) to[i] *= factor;
    }
    if (!IS_DENSE) to[label] -= scale * direct;
  }
}

GROUP kernel void label_weights(
    global const uchar *labels, const long labels_start, const int label_kind,
    global const TYPE *weights, const long weights_start, const int has_weights,
    global TYPE *result, const long result_start, const long rows, const long classes,
    const long share, const int has_ignored, const long ignored, global int *fault,
    const int fault_number) {
  const long first_row = get_group_id(0) * share;
  for (long row = first_row; row < min(rows, first_row + share); row++) {
    const long label = label_at(labels + labels_start, label_kind, row);
    const bool is_ignored = has_ignored && label == ignored;
    const bool is_inside = label >= 0 && label < classes;
    if (!is_ignored && !is_inside) *fault = fault_number;
    result[result_start + row] = is_ignored || !is_inside ? (TYPE)0
                                 : has_weights           ? weights[weights_start + label]
                                                         : (TYPE)1;
  }
}

#else

#define GROUP __attribute__((reqd_work_group_size(ITEMS, 1, 1)))

GROUP kernel void cross_entropy(PARAMETERS) {
  local TYPE states[ITEMS];
  const int team = (int)share;
  const int item = get_local_id(0);
  const int lane = item % team;
  const long asked = (long)get_group_id(0) * (ITEMS / team) + item / team;
  const bool exists = asked < rows;
  const long row = exists ? asked : 0;
  const bool is_spread = IS_DENSE || spread != (TYPE)0;
  ROW_SETUP
  TYPE state = 0;
  if (is_spread)
    for (long i = lane; i < classes; i += team) state += SHARE(i);
  const TYPE whole = (IS_DENSE ? (TYPE)0 : direct) + sum_of_team(state, states, item, team);
  state = NOTHING;
  if (takes_logits)
    for (long i = lane; i < classes; i += team) state = LARGER(from[i], state);
  const TYPE largest = largest_of_team(state, states, item, team);
  const TYPE top = takes_logits ? largest : (TYPE)0;
  state = 0;
  if (takes_logits)
    for (long i = lane; i < classes; i += team) state += EXP(from[i] - top);
  const TYPE total = sum_of_team(state, states, item, team);
  state = 0;
  if (WANTS_LOSSES && is_spread)
    for (long i = lane; i < classes; i += team) state += DISTANCE(i);
  const TYPE distance = sum_of_team(state, states, item, team);
  if (!exists) return;
  if (WANTS_LOSSES && lane == 0) {
    TYPE loss = takes_logits ? whole * LOG1P(total - (TYPE)1) : (TYPE)0;
    if (!IS_DENSE) loss += direct * (top - from[label]);
    losses[losses_start + row] = counts ? loss + distance : (TYPE)0;
  }
  if (!WANTS_GRADIENT) return;
  const TYPE factor = takes_logits ? scale * whole / total : (TYPE)0;
  for (long i = lane; i < classes; i += team) {
    TYPE value = takes_logits ? EXP(from[i] - top) * factor : (TYPE)0;
    if (is_spread) value -= scale * SHARE(i);
    if (i == label) value -= scale * direct;
    to[i] = counts ? value : (TYPE)0;
  }
}

GROUP kernel void label_weights(
    global const uchar *labels, const long labels_start, const int label_kind,
    global const TYPE *weights, const long weights_start, const int has_weights,
    global TYPE *result, const long result_start, const long rows, const long classes,
    const long share, const int has_ignored, const long ignored, global int *fault,
    const int fault_number) {
  const long row = get_global_id(0);
  if (row >= rows) return;
  const long label = label_at(labels + labels_start, label_kind, row);
  const bool is_ignored = has_ignored && label == ignored;
  const bool is_inside = label >= 0 && label < classes;
  if (!is_ignored && !is_inside) *fault = fault_number;
  result[result_start + row] = is_ignored || !is_inside ? (TYPE)0
                               : has_weights           ? weights[weights_start + label]
                                                       : (TYPE)1;
}

#endif
