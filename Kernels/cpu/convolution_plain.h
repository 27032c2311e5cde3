// Plain loops over any convolution, for one type of element. Included once for each, with T the
// type, FMA its multiply-add and NAME(x) its name for x.

// Positions from `first` until `end`, counted through all images.
CLONES static void NAME(forward)(
    const convolution_shape *s, const T *restrict x, const T *restrict filter, T *restrict result,
    int64_t first, int64_t end) {
  int64_t depth = s->inputs / s->groups, width = s->outputs / s->groups;
  for (int64_t p = first; p < end; p++) {
    int64_t ox = p % s->columns.output, oy = p / s->columns.output % s->rows.output;
    int64_t image = p / s->columns.output / s->rows.output;
    T *sum = result + p * s->outputs;
    for (int64_t k = 0; k < s->outputs; k++) sum[k] = 0;
    for (int64_t r = 0; r < s->rows.taps; r++) {
      int64_t y = seen(&s->rows, oy, r);
      for (int64_t c = 0; c < s->columns.taps; c++) {
        int64_t at = seen(&s->columns, ox, c);
        if (y < 0 || at < 0) continue;
        const T *from = x + ((image * s->rows.input + y) * s->columns.input + at) * s->inputs;
        const T *tap = filter + (r * s->columns.taps + c) * depth * s->outputs;
        for (int64_t group = 0; group < s->groups; group++)
          for (int64_t i = 0; i < depth; i++) {
            T value = from[group * depth + i];
            const T *weights = tap + i * s->outputs + group * width;
            T *to = sum + group * width;
            for (int64_t k = 0; k < width; k++) to[k] = FMA(value, weights[k], to[k]);
          }
      }
    }
  }
}

// `turned` is the filter as [tap][output][input].
CLONES static void NAME(input_gradient)(
    const convolution_shape *s, const T *restrict g, const T *restrict turned, T *restrict result,
    int64_t first, int64_t end) {
  int64_t depth = s->inputs / s->groups, width = s->outputs / s->groups;
  for (int64_t p = first; p < end; p++) {
    int64_t x = p % s->columns.input, y = p / s->columns.input % s->rows.input;
    int64_t image = p / s->columns.input / s->rows.input;
    T *sum = result + p * s->inputs;
    for (int64_t i = 0; i < s->inputs; i++) sum[i] = 0;
    for (int64_t r = 0; r < s->rows.taps; r++) {
      int64_t oy = seeing(&s->rows, y, r);
      for (int64_t c = 0; c < s->columns.taps; c++) {
        int64_t ox = seeing(&s->columns, x, c);
        if (oy < 0 || ox < 0) continue;
        const T *from = g + ((image * s->rows.output + oy) * s->columns.output + ox) * s->outputs;
        const T *tap = turned + (r * s->columns.taps + c) * s->outputs * depth;
        for (int64_t group = 0; group < s->groups; group++)
          for (int64_t k = group * width; k < (group + 1) * width; k++) {
            T value = from[k];
            const T *weights = tap + k * depth;
            T *to = sum + group * depth;
            for (int64_t i = 0; i < depth; i++) to[i] = FMA(value, weights[i], to[i]);
          }
      }
    }
  }
}

// The rows from `first` until `end` of the filter as a matrix [tap · depth, outputs].
CLONES static void NAME(filter_gradient)(
    const convolution_shape *s, const T *restrict x, const T *restrict g, T *restrict result,
    int64_t first, int64_t end) {
  int64_t depth = s->inputs / s->groups, width = s->outputs / s->groups;
  for (int64_t row = first; row < end; row++) {
    int64_t i = row % depth, tap = row / depth;
    int64_t r = tap / s->columns.taps, c = tap % s->columns.taps;
    T *sum = result + row * s->outputs;
    for (int64_t k = 0; k < s->outputs; k++) sum[k] = 0;
    for (int64_t line = 0; line < s->batch * s->rows.output; line++) {
      int64_t y = seen(&s->rows, line % s->rows.output, r);
      if (y < 0) continue;
      int64_t image = line / s->rows.output;
      for (int64_t ox = 0; ox < s->columns.output; ox++) {
        int64_t at = seen(&s->columns, ox, c);
        if (at < 0) continue;
        const T *from = x + ((image * s->rows.input + y) * s->columns.input + at) * s->inputs;
        const T *upstream = g + (line * s->columns.output + ox) * s->outputs;
        for (int64_t group = 0; group < s->groups; group++) {
          T value = from[group * depth + i];
          for (int64_t k = group * width; k < (group + 1) * width; k++)
            sum[k] = FMA(value, upstream[k], sum[k]);
        }
      }
    }
  }
}

static void NAME(turn)(const convolution_shape *s, const T *filter, T *turned) {
  int64_t depth = s->inputs / s->groups;
  for (int64_t tap = 0; tap < s->rows.taps * s->columns.taps; tap++)
    for (int64_t i = 0; i < depth; i++)
      for (int64_t k = 0; k < s->outputs; k++)
        turned[(tap * s->outputs + k) * depth + i] = filter[(tap * depth + i) * s->outputs + k];
}

static void NAME(chunk)(void *context, int64_t chunk, int thread) {
  (void)thread;
  const struct plain *plan = context;
  const convolution_work *work = plan->work;
  int64_t first = chunk * plan->length;
  int64_t end = first + plan->length < plan->count ? first + plan->length : plan->count;
  switch (plan->pass) {
    case convolution_forward:
      NAME(forward)(&work->shape, work->first, work->second, work->result, first, end);
      break;
    case convolution_input_gradient:
      NAME(input_gradient)(&work->shape, work->first, work->workspace, work->result, first, end);
      break;
    case convolution_filter_gradient:
      NAME(filter_gradient)(&work->shape, work->first, work->second, work->result, first, end);
      return;
  }
  if (work->finish) work->finish(work->context, first, end - first, 0, plan->columns);
}

#undef T
#undef FMA
#undef NAME
