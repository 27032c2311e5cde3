// Recurrences of one scalar type. Included once for each, with T the type, NAME(x) its name for x,
// and TANH, SIGMOID, RELU and FMA of it.

// y = f(a + b)
INLINE void NAME(activate_sum)(
    recurrence_activation f, int64_t n, const T *restrict a, const T *restrict b, T *restrict y) {
  switch (f) {
    case recurrence_tanh:
      for (int64_t j = 0; j < n; j++) y[j] = TANH(a[j] + b[j]);
      break;
    case recurrence_sigmoid:
      for (int64_t j = 0; j < n; j++) y[j] = SIGMOID(a[j] + b[j]);
      break;
    case recurrence_relu:
      for (int64_t j = 0; j < n; j++) y[j] = RELU(a[j] + b[j]);
      break;
    case recurrence_identity:
      for (int64_t j = 0; j < n; j++) y[j] = a[j] + b[j];
      break;
    case recurrence_hard_sigmoid:
      for (int64_t j = 0; j < n; j++) {
        T x = (a[j] + b[j]) / 6 + (T)0.5;
        y[j] = x < 0 ? 0 : x > 1 ? 1 : x;
      }
      break;
  }
}

// The slope of f where its value is y.
INLINE T NAME(slope)(const recurrence_activation f, T y) {
  switch (f) {
    case recurrence_tanh: return FMA(-y, y, (T)1);
    case recurrence_sigmoid: return y * (1 - y);
    case recurrence_relu: return y > 0 ? 1 : 0;
    case recurrence_identity: return 1;
    case recurrence_hard_sigmoid: return y > 0 && y < 1 ? (T)1 / 6 : 0;
  }
  return 0;
}

// y = x · slope
INLINE void NAME(times_slope)(
    recurrence_activation f, int64_t n, const T *restrict x, const T *restrict value,
    T *restrict y) {
  switch (f) {
#define CASE(f) \
  case f: \
    for (int64_t j = 0; j < n; j++) y[j] = x[j] * NAME(slope)(f, value[j]); \
    break;
    CASE(recurrence_tanh)
    CASE(recurrence_sigmoid)
    CASE(recurrence_relu)
    CASE(recurrence_identity)
    CASE(recurrence_hard_sigmoid)
#undef CASE
  }
}

// One row through one step; what the state contributes is in `product`.
CLONES static void NAME(advance)(
    const recurrence_shape *shape, const T *restrict projected, T *restrict product,
    const T *restrict bias, const T *restrict zeros, const T *restrict before,
    const T *restrict cell_before, T *restrict gates, T *restrict cell, T *restrict state) {
  int64_t n = shape->units;
  recurrence_activation f = shape->activation, recurrent = shape->recurrent_activation;
  switch (shape->kind) {
    case recurrence_simple: NAME(activate_sum)(f, n, projected, product, state); break;
    case recurrence_lstm: {
      const T *restrict input = gates, *restrict forget = gates + n, *restrict output = gates + 3 * n;
      const T *restrict candidate = gates + 2 * n;
      NAME(activate_sum)(recurrent, 2 * n, projected, product, gates);
      NAME(activate_sum)(f, n, projected + 2 * n, product + 2 * n, gates + 2 * n);
      NAME(activate_sum)(recurrent, n, projected + 3 * n, product + 3 * n, gates + 3 * n);
      for (int64_t j = 0; j < n; j++)
        cell[j] = FMA(forget[j], cell_before[j], input[j] * candidate[j]);
      NAME(activate_sum)(f, n, cell, zeros, state);
      for (int64_t j = 0; j < n; j++) state[j] *= output[j];
      break;
    }
    case recurrence_gru: {
      const T *restrict update = gates, *restrict reset = gates + n;
      const T *restrict candidate = gates + 2 * n;
      T *restrict inner = gates + 3 * n, *restrict sum = product + 2 * n;
      NAME(activate_sum)(recurrent, 2 * n, projected, product, gates);
      for (int64_t j = 0; j < n; j++) {
        inner[j] = sum[j] + bias[j];
        sum[j] = reset[j] * inner[j];
      }
      NAME(activate_sum)(f, n, projected + 2 * n, sum, gates + 2 * n);
      for (int64_t j = 0; j < n; j++)
        state[j] = FMA(update[j], before[j] - candidate[j], candidate[j]);
      break;
    }
  }
}

// The gradients of one row's step. `state` and `cell` hold the gradients of what the step left and
// then those of what it found, but for what comes through the product.
CLONES static void NAME(retreat)(
    const recurrence_shape *shape, const T *restrict gates, const T *restrict value,
    const T *restrict before, const T *restrict cell_value, const T *restrict cell_before,
    const T *restrict zeros, T *restrict state, T *restrict cell, T *restrict projected,
    T *restrict product, T *restrict work) {
  int64_t n = shape->units;
  recurrence_activation f = shape->activation, recurrent = shape->recurrent_activation;
  switch (shape->kind) {
    case recurrence_simple:
      NAME(times_slope)(f, n, state, value, projected);
      for (int64_t j = 0; j < n; j++) state[j] = 0;
      break;
    case recurrence_lstm: {
      const T *restrict input = gates, *restrict forget = gates + n;
      const T *restrict candidate = gates + 2 * n, *restrict output = gates + 3 * n;
      T *restrict outer = work, *restrict sum = work + n;
      NAME(activate_sum)(f, n, cell_value, zeros, outer);
      for (int64_t j = 0; j < n; j++) sum[j] = state[j] * outer[j];
      NAME(times_slope)(recurrent, n, sum, output, projected + 3 * n);
      for (int64_t j = 0; j < n; j++) sum[j] = state[j] * output[j];
      NAME(times_slope)(f, n, sum, outer, state);
      for (int64_t j = 0; j < n; j++) cell[j] += state[j];
      for (int64_t j = 0; j < n; j++) sum[j] = cell[j] * candidate[j];
      NAME(times_slope)(recurrent, n, sum, input, projected);
      for (int64_t j = 0; j < n; j++) sum[j] = cell[j] * cell_before[j];
      NAME(times_slope)(recurrent, n, sum, forget, projected + n);
      for (int64_t j = 0; j < n; j++) sum[j] = cell[j] * input[j];
      NAME(times_slope)(f, n, sum, candidate, projected + 2 * n);
      for (int64_t j = 0; j < n; j++) {
        cell[j] *= forget[j];
        state[j] = 0;
      }
      break;
    }
    case recurrence_gru: {
      const T *restrict update = gates, *restrict reset = gates + n;
      const T *restrict candidate = gates + 2 * n, *restrict inner = gates + 3 * n;
      T *restrict sum = work;
      for (int64_t j = 0; j < n; j++) sum[j] = state[j] * (before[j] - candidate[j]);
      NAME(times_slope)(recurrent, n, sum, update, projected);
      for (int64_t j = 0; j < n; j++) sum[j] = state[j] * (1 - update[j]);
      NAME(times_slope)(f, n, sum, candidate, projected + 2 * n);
      for (int64_t j = 0; j < n; j++) {
        product[j] = projected[2 * n + j] * reset[j];
        sum[j] = projected[2 * n + j] * inner[j];
        state[j] *= update[j];
      }
      NAME(times_slope)(recurrent, n, sum, reset, projected + n);
      break;
    }
  }
}

// Rows of a sequence lie far apart, and no processor asks for the next one by itself.
INLINE void NAME(fetch)(const T *from, int64_t count) {
  for (int64_t j = 0; j < count; j += 64 / (int64_t)sizeof(T)) __builtin_prefetch(from + j);
}

CLONES static void NAME(add)(int64_t n, const T *restrict x, T *restrict sum) {
  for (int64_t j = 0; j < n; j++) sum[j] += x[j];
}

// result += left · matrix, for matrices that are not packed.
CLONES static void NAME(multiply_plain)(
    int64_t rows, int64_t inner, int64_t columns, const T *restrict left, int64_t stride,
    const T *restrict matrix, T *restrict result, int64_t result_stride) {
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t k = 0; k < inner; k++) {
      T x = left[i * stride + k];
      for (int64_t j = 0; j < columns; j++)
        result[i * result_stride + j] =
            FMA(x, matrix[k * columns + j], result[i * result_stride + j]);
    }
  }
}

// result = left · matrix, or added to it, the inner index from `first` on.
static void NAME(multiply)(
    const struct matrix *m, int64_t rows, const T *left, int64_t stride, int64_t first,
    int64_t inner, T *result, int64_t result_stride, bool adds) {
  if (m->processor) {
    multiply_packed(
        m, rows, (const float *)left, stride, first, inner, (float *)result, result_stride, adds);
    return;
  }
  if (!adds) memset(result, 0, (size_t)(rows * result_stride) * sizeof(T));
  NAME(multiply_plain)(
      rows, inner, m->columns, left, stride, (const T *)m->data + first * m->columns, result,
      result_stride);
}

static void NAME(transpose)(int64_t rows, int64_t columns, const T *from, T *to) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
}

static void NAME(forward)(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const recurrence_shape *shape = plan->shape;
  const recurrence_call *call = plan->call;
  int64_t n = shape->units, g = gate_count(shape), steps = shape->steps;
  int64_t first = chunk * plan->rows, rows = minimum(plan->rows, shape->batch - first);
  T *product = scratch(scratch_product, (rows * g * n + 4 * n) * (int64_t)sizeof(T));
  T *unsaved = product + rows * g * n;
  const T *zeros = plan->zeros, *bias = call->bias ? call->bias : zeros;
  const T *initial = call->state, *initial_cell = call->cell;
  T *states = call->states, *cells = call->cells, *gates = call->gates;
  for (int64_t step = 0; step < steps; step++) {
    int64_t here = place(shape, step), last = place(shape, step - 1);
    if (step > 0)
      NAME(multiply)(
          &plan->matrix, rows, states + (first * steps + last) * n, steps * n, 0, n, product,
          g * n, false);
    else if (initial)
      NAME(multiply)(&plan->matrix, rows, initial + first * n, n, 0, n, product, g * n, false);
    else
      memset(product, 0, (size_t)(rows * g * n) * sizeof(T));
    for (int64_t r = 0; r < rows; r++) {
      int64_t row = first + r, at = row * steps + here;
      if (r + 1 < rows) NAME(fetch)((const T *)call->projected + (at + steps) * g * n, g * n);
      const T *before = initial ? initial + row * n : zeros;
      const T *cell_before = initial_cell ? initial_cell + row * n : zeros;
      if (step > 0) {
        before = states + (row * steps + last) * n;
        if (cells) cell_before = cells + (row * steps + last) * n;
      }
      T *saved = gates ? gates + at * 4 * n : unsaved;
      T *cell = cells ? cells + at * n : NULL;
      if (call->mask && !call->mask[at]) {
        memcpy(states + at * n, before, (size_t)n * sizeof(T));
        if (cells) memcpy(cell, cell_before, (size_t)n * sizeof(T));
        if (gates) memset(saved, 0, (size_t)n * 4 * sizeof(T));
      } else {
        NAME(advance)(
            shape, (const T *)call->projected + at * g * n, product + r * g * n, bias, zeros,
            before, cell_before, saved, cell, states + at * n);
      }
    }
  }
}

static void NAME(backward)(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plan *plan = context;
  const recurrence_shape *shape = plan->shape;
  const recurrence_gradient_call *call = plan->gradient;
  int64_t n = shape->units, g = gate_count(shape), steps = shape->steps;
  int64_t first = chunk * plan->rows, rows = minimum(plan->rows, shape->batch - first);
  T *state = scratch(scratch_product, (2 * rows * n + 2 * n) * (int64_t)sizeof(T));
  T *cell = state + rows * n, *work = cell + rows * n;
  const T *zeros = plan->zeros, *initial = call->state, *initial_cell = call->cell;
  const T *states = call->states, *cells = call->cells, *gates = call->gates;
  const T *upstream = call->states_upstream, *cells_upstream = call->cells_upstream;
  T *projected = call->projected, *product = call->product;
  memset(state, 0, (size_t)(2 * rows * n) * sizeof(T));
  for (int64_t step = steps - 1; step >= 0; step--) {
    int64_t here = place(shape, step), last = place(shape, step - 1);
    for (int64_t r = 0; r < rows; r++) {
      int64_t row = first + r, at = row * steps + here;
      if (r + 1 < rows && gates) NAME(fetch)(gates + (at + steps) * 4 * n, 4 * n);
      T *slope = projected + at * g * n, *inner = product ? product + at * n : NULL;
      NAME(add)(n, upstream + at * n, state + r * n);
      if (cells_upstream) NAME(add)(n, cells_upstream + at * n, cell + r * n);
      if (call->mask && !call->mask[at]) {
        memset(slope, 0, (size_t)(g * n) * sizeof(T));
        if (inner) memset(inner, 0, (size_t)n * sizeof(T));
        continue;
      }
      const T *before = initial ? initial + row * n : zeros;
      const T *cell_before = initial_cell ? initial_cell + row * n : zeros;
      if (step > 0) {
        before = states + (row * steps + last) * n;
        if (cells) cell_before = cells + (row * steps + last) * n;
      }
      NAME(retreat)(
          shape, gates ? gates + at * 4 * n : NULL, states + at * n, before,
          cells ? cells + at * n : NULL, cell_before, zeros, state + r * n, cell + r * n, slope,
          inner, work);
    }
    if (step == 0 && !call->state_gradient) break;
    const T *slopes = projected + (first * steps + here) * g * n;
    int64_t direct = product ? 2 * n : g * n;
    NAME(multiply)(&plan->matrix, rows, slopes, steps * g * n, 0, direct, state, n, true);
    if (product)
      NAME(multiply)(
          &plan->matrix, rows, product + (first * steps + here) * n, steps * n, direct, n, state,
          n, true);
  }
  if (call->state_gradient)
    memcpy((T *)call->state_gradient + first * n, state, (size_t)(rows * n) * sizeof(T));
  if (call->cell_gradient)
    memcpy((T *)call->cell_gradient + first * n, cell, (size_t)(rows * n) * sizeof(T));
}

#undef T
#undef NAME
#undef TANH
#undef SIGMOID
#undef RELU
#undef FMA
