// Cross-entropy on one scalar type. After softmax_rows.h.

// What is expected of a row.
typedef struct {
  // -1 for numbers a class, -2 for a row that counts for nothing.
  int64_t label;
  // What the label has on top of what smoothing gives every class, and the sum over all classes.
  double direct, whole;
} NAME(target);

static double NAME(weight_sum)(const cross_entropy_shape *shape, const void *weights) {
  if (!weights) return (double)shape->classes;
  double sum = 0;
  for (int64_t c = 0; c < shape->classes; c++) sum += (double)((const T *)weights)[c];
  return sum;
}

INLINE NAME(target) NAME(target_of)(const plan *p, int64_t row) {
  const cross_entropy_shape *shape = p->shape;
  const T *weights = p->call->class_weights;
  double keep = 1 - shape->smoothing, spread = shape->smoothing / (double)shape->classes;
  NAME(target) target = {.label = -1, .direct = keep, .whole = 0};
  if (shape->is_dense) {
    const T *t = (const T *)p->call->targets + row * shape->classes;
    double sum = weights ? NAME(products)(t, weights, shape->classes)
                         : NAME(products)(t, NULL, shape->classes);
    target.whole = keep * sum + spread * p->weight_sum;
    return target;
  }
  target.label = label_of(shape, p->call->targets, row);
  if (target.label >= 0) {
    if (weights) target.direct *= (double)weights[target.label];
    target.whole = target.direct + spread * p->weight_sum;
  }
  return target;
}

// Σ q · (top - x) over the classes first..<end, leaving out those whose q is 0.
INLINE double NAME(distance)(
    const plan *p, int64_t row, const NAME(target) *target, const T *x, T top, int64_t first,
    int64_t end) {
  const cross_entropy_shape *shape = p->shape;
  const T *weights = p->call->class_weights;
  T spread = (T)(shape->smoothing / (double)shape->classes);
  double sum = 0;
  if (target->label >= first && target->label < end)
    sum = target->direct * (double)(top - x[target->label]);
  if (target->label >= 0 && spread == 0) return sum;
  const T *t = shape->is_dense ? (const T *)p->call->targets + row * shape->classes : NULL;
  T keep = (T)target->direct, part[PART];
  for (; first < end; first += PART) {
    int64_t n = end - first < PART ? end - first : PART;
    for (int64_t i = 0; i < n; i++) {
      T q = t ? keep * t[first + i] + spread : spread;
      if (weights) q *= weights[first + i];
      part[i] = q == 0 ? 0 : q * (top - x[first + i]);
    }
    sum += NAME(products)(part, NULL, n);
  }
  return sum;
}

// gradient -= upstream · q over the classes first..<end
INLINE void NAME(subtract)(
    const plan *p, int64_t row, const NAME(target) *target, T upstream, T *gradient,
    int64_t first, int64_t end) {
  const cross_entropy_shape *shape = p->shape;
  const T *weights = p->call->class_weights;
  T spread = upstream * (T)(shape->smoothing / (double)shape->classes);
  if (target->label >= 0) {
    if (spread != 0) {
      if (weights)
        for (int64_t i = first; i < end; i++) gradient[i] -= spread * weights[i];
      else
        for (int64_t i = first; i < end; i++) gradient[i] -= spread;
    }
    if (target->label >= first && target->label < end)
      gradient[target->label] -= upstream * (T)target->direct;
    return;
  }
  const T *t = (const T *)p->call->targets + row * shape->classes;
  T keep = upstream * (T)target->direct;
  if (weights)
    for (int64_t i = first; i < end; i++)
      gradient[i] -= (keep * t[i] + spread) * weights[i];
  else
    for (int64_t i = first; i < end; i++) gradient[i] -= keep * t[i] + spread;
}

INLINE T NAME(upstream_of)(const plan *p, int64_t row) {
  return p->call->upstream ? ((const T *)p->call->upstream)[row * p->shape->upstream_stride] : 0;
}

CLONES static void NAME(rows)(const plan *p, int64_t first, int64_t end) {
  int64_t n = p->shape->classes;
  T *losses = p->call->losses;
  for (int64_t row = first; row < end; row++) {
    const T *x = (const T *)p->call->x + row * n;
    T *gradient = p->call->gradient ? (T *)p->call->gradient + row * n : NULL;
    NAME(target) target = NAME(target_of)(p, row);
    if (target.label < -1) {
      if (losses) losses[row] = 0;
      if (gradient)
        for (int64_t i = 0; i < n; i++) gradient[i] = 0;
      continue;
    }
    T upstream = NAME(upstream_of)(p, row);
    if (!p->shape->takes_logits) {
      if (losses) losses[row] = (T)NAME(distance)(p, row, &target, x, 0, 0, n);
      if (gradient)
        for (int64_t i = 0; i < n; i++) gradient[i] = 0;
    } else {
      T top = NAME(largest)(x, n);
      double total = NAME(exponentials)(x, top, gradient, n);
      if (losses)
        losses[row] = (T)(target.whole * (double)LOG1P((T)(total - 1)) +
                          NAME(distance)(p, row, &target, x, top, 0, n));
      if (gradient) {
        T factor = (T)((double)upstream * target.whole / total);
        for (int64_t i = 0; i < n; i++) gradient[i] *= factor;
      }
    }
    if (gradient) NAME(subtract)(p, row, &target, upstream, gradient, 0, n);
  }
}

// The same for rows of at most SHORT logits, WIDTH of them at a time: turned over, so that they
// stand side by side.
CLONES static void NAME(short_rows)(const plan *p, int64_t first, int64_t end) {
  int64_t n = p->shape->classes;
  T *losses = p->call->losses;
  T e[SHORT * WIDTH], top[WIDTH], total[WIDTH], factor[WIDTH];
  NAME(target) targets[WIDTH];
  memset(e, 0, sizeof e);
  for (int64_t row = first; row < end; row += WIDTH) {
    int64_t rows = end - row < WIDTH ? end - row : WIDTH;
    const T *x = (const T *)p->call->x + row * n;
    for (int64_t j = 0; j < rows; j++)
      for (int64_t c = 0; c < n; c++) e[c * WIDTH + j] = x[j * n + c];
    for (int64_t j = 0; j < WIDTH; j++) top[j] = e[j], total[j] = 0;
    for (int64_t c = 1; c < n; c++)
      for (int64_t j = 0; j < WIDTH; j++)
        top[j] = !(e[c * WIDTH + j] <= top[j]) ? e[c * WIDTH + j] : top[j];
    for (int64_t c = 0; c < n; c++)
      for (int64_t j = 0; j < WIDTH; j++) {
        e[c * WIDTH + j] = EXP(e[c * WIDTH + j] - top[j]);
        total[j] += e[c * WIDTH + j];
      }
    for (int64_t j = 0; j < rows; j++) {
      targets[j] = NAME(target_of)(p, row + j);
      bool counts = targets[j].label >= -1;
      T upstream = NAME(upstream_of)(p, row + j);
      factor[j] = counts ? (T)((double)upstream * targets[j].whole / (double)total[j]) : 0;
    }
    for (int64_t j = 0; j < WIDTH; j++) total[j] = LOG1P(total[j] - 1);
    if (losses)
      for (int64_t j = 0; j < rows; j++)
        losses[row + j] =
            targets[j].label < -1
                ? 0
                : (T)(targets[j].whole * (double)total[j] +
                      NAME(distance)(
                          p, row + j, &targets[j], x + j * n, top[j], 0, n));
    if (!p->call->gradient) continue;
    T *gradient = (T *)p->call->gradient + row * n;
    for (int64_t j = rows; j < WIDTH; j++) factor[j] = 0;
    for (int64_t c = 0; c < n; c++)
      for (int64_t j = 0; j < WIDTH; j++) e[c * WIDTH + j] *= factor[j];
    for (int64_t j = 0; j < rows; j++) {
      for (int64_t c = 0; c < n; c++)
        gradient[j * n + c] = targets[j].label < -1 ? 0 : e[c * WIDTH + j];
      if (targets[j].label >= -1)
        NAME(subtract)(
            p, row + j, &targets[j], NAME(upstream_of)(p, row + j), gradient + j * n, 0, n);
    }
  }
}

// Segments of rows too long and few to be shared out whole

// The largest logit of the classes first..<end and the sum of exponentials beside it.
CLONES static void NAME(segment_part)(
    const plan *p, int64_t row, int64_t first, int64_t end, segment_part *part) {
  const T *x = (const T *)p->call->x + row * p->shape->classes;
  T top = NAME(largest)(x + first, end - first);
  part->top = (double)top;
  part->total = NAME(exponentials)(x + first, top, NULL, end - first);
}

// The gradient there, and what the segment adds to the loss.
CLONES static void NAME(segment_result)(
    const plan *p, int64_t row, int64_t first, int64_t end, const segment_part *whole,
    segment_part *part) {
  const T *x = (const T *)p->call->x + row * p->shape->classes;
  NAME(target) target = NAME(target_of)(p, row);
  bool counts = target.label >= -1;
  T top = (T)whole->top;
  part->loss = counts ? NAME(distance)(p, row, &target, x, top, first, end) : 0;
  if (counts && first == 0) part->loss += target.whole * (double)LOG1P((T)(whole->total - 1));
  if (!p->call->gradient) return;
  T *gradient = (T *)p->call->gradient + row * p->shape->classes;
  T upstream = NAME(upstream_of)(p, row);
  T factor = counts ? (T)((double)upstream * target.whole / whole->total) : 0;
  for (int64_t i = first; i < end; i++) gradient[i] = EXP(x[i] - top) * factor;
  if (counts) NAME(subtract)(p, row, &target, upstream, gradient, first, end);
}

static void NAME(store_loss)(const plan *p, int64_t row, double loss) {
  ((T *)p->call->losses)[row] = (T)loss;
}

static void NAME(weights)(
    const cross_entropy_shape *shape, const void *labels, const void *class_weights, void *result,
    int64_t first, int64_t end) {
  for (int64_t row = first; row < end; row++) {
    int64_t label = label_of(shape, labels, row);
    ((T *)result)[row] =
        label < 0 ? 0 : class_weights ? ((const T *)class_weights)[label] : (T)1;
  }
}

static const struct loops NAME(loops) = {
    NAME(weight_sum),   NAME(rows),           NAME(short_rows), NAME(weights),
    NAME(segment_part), NAME(segment_result), NAME(store_loss),
};
