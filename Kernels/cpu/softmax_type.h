// Softmax along the last axis and along others, for one scalar type. After softmax_rows.h.

// y = softmax of x, which may be y itself. Zeros where every element is -inf.
INLINE void NAME(softmax_row)(const T *x, T *y, int64_t n) {
  T shift = NAME(largest)(x, n);
  if (shift == -INFINITY) {
    for (int64_t i = 0; i < n; i++) y[i] = 0;
    return;
  }
  T factor = (T)(1 / NAME(exponentials)(x, shift, y, n));
  for (int64_t i = 0; i < n; i++) y[i] *= factor;
}

INLINE void NAME(logarithm_row)(const T *restrict x, T *restrict y, int64_t n) {
  T shift = NAME(largest)(x, n);
  T low = 0;
  if (shift == -INFINITY)
    shift = 0;
  else
    low = LOG1P((T)(NAME(exponentials)(x, shift, NULL, n) - 1));
  for (int64_t i = 0; i < n; i++) y[i] = (x[i] - shift) - low;
}

// The elements of row `row` that take part, scaled and masked, in y. Returns how many they are.
INLINE int64_t NAME(masked_row)(
    const softmax_shape *shape, int64_t row, const T *restrict x, const void *mask,
    T *restrict y) {
  int64_t query = row % shape->queries, head = row / shape->queries % shape->heads;
  int64_t batch = row / shape->queries / shape->heads;
  int64_t n = shape->is_causal && query + 1 < shape->count ? query + 1 : shape->count;
  int64_t start = shape->mask_start + batch * shape->mask_strides[0] +
                  head * shape->mask_strides[1] + query * shape->mask_strides[2];
  int64_t step = shape->mask_strides[3];
  T scale = (T)shape->scale;
  if (shape->mask == softmax_mask_bool) {
    const uint8_t *allowed = (const uint8_t *)mask + start;
    if (step == 1)
      for (int64_t i = 0; i < n; i++) y[i] = allowed[i] ? x[i] * scale : -INFINITY;
    else
      for (int64_t i = 0; i < n; i++) y[i] = allowed[i * step] ? x[i] * scale : -INFINITY;
  } else if (shape->mask == softmax_mask_added) {
    const T *added = (const T *)mask + start;
    if (step == 1)
      for (int64_t i = 0; i < n; i++) y[i] = __builtin_elementwise_fma(x[i], scale, added[i]);
    else
      for (int64_t i = 0; i < n; i++)
        y[i] = __builtin_elementwise_fma(x[i], scale, added[i * step]);
  } else {
    for (int64_t i = 0; i < n; i++) y[i] = x[i] * scale;
  }
  return n;
}

// Rows first..<end of the last axis.
CLONES static void NAME(rows)(
    const softmax_shape *shape, const void *input, const void *second, void *result,
    int64_t first, int64_t end) {
  int64_t count = shape->count;
  const T *x = (const T *)input + first * count;
  const T *g = (const T *)second + first * count;
  T *y = (T *)result + first * count;
  bool is_plain = shape->mask == softmax_unmasked && !shape->is_causal && shape->scale == 1;
  for (int64_t row = first; row < end; row++, x += count, g += count, y += count) {
    switch (shape->kind) {
      case softmax_forward:
        if (is_plain) {
          NAME(softmax_row)(x, y, count);
        } else {
          int64_t n = NAME(masked_row)(shape, row, x, second, y);
          NAME(softmax_row)(y, y, n);
          for (int64_t i = n; i < count; i++) y[i] = 0;
        }
        break;
      case softmax_logarithm: NAME(logarithm_row)(x, y, count); break;
      case softmax_gradient: {
        T dot = (T)NAME(products)(x, g, count), scale = (T)shape->scale;
        for (int64_t i = 0; i < count; i++) y[i] = scale * x[i] * (g[i] - dot);
        break;
      }
      case softmax_logarithm_gradient: {
        T sum = (T)NAME(products)(g, NULL, count);
        int64_t i = 0;
        for (; i + LANES <= count; i += LANES)
          for (int l = 0; l < LANES; l++) y[i + l] = g[i + l] - EXP(x[i + l]) * sum;
        if (i < count) {
          T part[LANES] = {};
          for (int l = 0; l < count - i; l++) part[l] = x[i + l];
          for (int l = 0; l < LANES; l++) part[l] = EXP(part[l]);
          for (int l = 0; l < count - i; l++) y[i + l] = g[i + l] - part[l] * sum;
        }
        break;
      }
    }
  }
}

// `width` columns side by side, rows of them `stride` apart.
INLINE void NAME(block)(
    softmax_kind kind, T scale, const T *x, const T *g, T *y, int64_t count, int64_t stride,
    int64_t width) {
  T shift[WIDTH], factor[WIDTH];
  double sum[WIDTH];
  int64_t size = count * stride;
  for (int64_t j = 0; j < width; j++) sum[j] = 0;
  if (kind == softmax_gradient || kind == softmax_logarithm_gradient) {
    bool is_plain = kind == softmax_gradient;
    for (int64_t at = 0; at < size; at += stride)
      INDEPENDENT
      for (int64_t j = 0; j < width; j++)
        sum[j] += is_plain ? (double)x[at + j] * (double)g[at + j] : (double)g[at + j];
    for (int64_t j = 0; j < width; j++) factor[j] = (T)sum[j];
    for (int64_t at = 0; at < size; at += stride) {
      if (is_plain)
        INDEPENDENT
        for (int64_t j = 0; j < width; j++)
          y[at + j] = scale * x[at + j] * (g[at + j] - factor[j]);
      else
        INDEPENDENT
        for (int64_t j = 0; j < width; j++) y[at + j] = g[at + j] - EXP(x[at + j]) * factor[j];
    }
    return;
  }
  for (int64_t j = 0; j < width; j++) shift[j] = -INFINITY;
  for (int64_t at = 0; at < size; at += stride)
    INDEPENDENT
    for (int64_t j = 0; j < width; j++)
      shift[j] = !(x[at + j] <= shift[j]) ? x[at + j] : shift[j];
  // A column of nothing but -inf: zeros, whose logarithms are -inf.
  for (int64_t j = 0; j < width; j++) shift[j] = shift[j] == -INFINITY ? 0 : shift[j];
  bool stores = kind == softmax_forward;
  for (int64_t at = 0; at < size; at += stride)
    INDEPENDENT
    for (int64_t j = 0; j < width; j++) {
      T e = EXP(x[at + j] - shift[j]);
      if (stores) y[at + j] = e;
      sum[j] += (double)e;
    }
  if (stores) {
    for (int64_t j = 0; j < width; j++) factor[j] = (T)(sum[j] == 0 ? 0 : 1 / sum[j]);
    for (int64_t at = 0; at < size; at += stride)
      INDEPENDENT
      for (int64_t j = 0; j < width; j++) y[at + j] *= factor[j];
  } else {
    for (int64_t j = 0; j < width; j++) factor[j] = sum[j] == 0 ? 0 : LOG1P((T)(sum[j] - 1));
    for (int64_t at = 0; at < size; at += stride)
      INDEPENDENT
      for (int64_t j = 0; j < width; j++) y[at + j] = (x[at + j] - shift[j]) - factor[j];
  }
}

// The width <= WIDTH columns from `column` on of one outer index.
CLONES static void NAME(columns)(
    const softmax_shape *shape, const void *input, const void *second, void *result,
    int64_t outer, int64_t column, int64_t width) {
  int64_t start = outer * shape->count * shape->inner + column;
  NAME(block)(
      shape->kind, (T)shape->scale, (const T *)input + start, (const T *)second + start,
      (T *)result + start, shape->count, shape->inner, width);
}

// Rows first..<end of at most SHORT elements, WIDTH of them at a time: turned over, so that they
// stand side by side.
CLONES static void NAME(short_rows)(
    const softmax_shape *shape, const void *input, const void *second, void *result,
    int64_t first, int64_t end) {
  T x[SHORT * WIDTH], g[SHORT * WIDTH], y[SHORT * WIDTH];
  int64_t count = shape->count;
  bool is_gradient = shape->kind >= softmax_gradient;
  for (int64_t row = first; row < end; row += WIDTH) {
    int64_t rows = end - row < WIDTH ? end - row : WIDTH;
    const T *from = (const T *)input + row * count, *also = (const T *)second + row * count;
    T *to = (T *)result + row * count;
    if (rows < WIDTH) memset(x, 0, sizeof x), memset(g, 0, sizeof g);
    for (int64_t j = 0; j < rows; j++)
      for (int64_t c = 0; c < count; c++) x[c * WIDTH + j] = from[j * count + c];
    if (is_gradient)
      for (int64_t j = 0; j < rows; j++)
        for (int64_t c = 0; c < count; c++) g[c * WIDTH + j] = also[j * count + c];
    NAME(block)(shape->kind, (T)shape->scale, x, g, y, count, WIDTH, WIDTH);
    for (int64_t j = 0; j < rows; j++)
      for (int64_t c = 0; c < count; c++) to[j * count + c] = y[c * WIDTH + j];
  }
}

// Segments of rows too long and few to be shared out whole

// What a segment adds to its row: for a gradient a sum, else the largest element and the sum of
// exponentials beside it.
typedef struct {
  double sum;
  double largest;
} NAME(part);

CLONES static void NAME(segment_part)(
    const softmax_shape *shape, const void *input, const void *second, int64_t start, int64_t n,
    void *result) {
  const T *x = (const T *)input + start;
  const T *g = (const T *)second + start;
  NAME(part) *part = result;
  if (shape->kind == softmax_gradient) {
    part->sum = NAME(products)(x, g, n);
  } else if (shape->kind == softmax_logarithm_gradient) {
    part->sum = NAME(products)(g, NULL, n);
  } else {
    T shift = NAME(largest)(x, n);
    part->largest = (double)shift;
    part->sum = shift == -INFINITY ? 0 : NAME(exponentials)(x, shift, NULL, n);
  }
}

// Brings the parts of a row together in the first.
static void NAME(merge_parts)(const softmax_shape *shape, void *parts, int64_t segments) {
  NAME(part) *part = parts;
  NAME(part) whole = {.sum = 0, .largest = -INFINITY};
  bool is_gradient = shape->kind >= softmax_gradient;
  if (!is_gradient)
    for (int64_t s = 0; s < segments; s++)
      whole.largest = !(part[s].largest <= whole.largest) ? part[s].largest : whole.largest;
  for (int64_t s = 0; s < segments; s++) {
    if (is_gradient)
      whole.sum += part[s].sum;
    else if (part[s].largest != -INFINITY)
      whole.sum += part[s].sum * exp(part[s].largest - whole.largest);
  }
  *part = whole;
}

CLONES static void NAME(segment_result)(
    const softmax_shape *shape, const void *input, const void *second, void *result,
    int64_t start, int64_t n, const void *whole) {
  const T *restrict x = (const T *)input + start;
  const T *restrict g = (const T *)second + start;
  T *restrict y = (T *)result + start;
  const NAME(part) *part = whole;
  T sum = (T)part->sum, scale = (T)shape->scale;
  T shift = part->largest == -INFINITY ? 0 : (T)part->largest;
  T factor = part->sum == 0 ? 0 : (T)(1 / part->sum);
  T low = part->sum == 0 ? 0 : LOG1P((T)(part->sum - 1));
  switch (shape->kind) {
    case softmax_forward:
      for (int64_t i = 0; i < n; i++) y[i] = EXP(x[i] - shift) * factor;
      break;
    case softmax_logarithm:
      for (int64_t i = 0; i < n; i++) y[i] = (x[i] - shift) - low;
      break;
    case softmax_gradient:
      for (int64_t i = 0; i < n; i++) y[i] = scale * x[i] * (g[i] - sum);
      break;
    case softmax_logarithm_gradient:
      for (int64_t i = 0; i < n; i++) y[i] = g[i] - EXP(x[i]) * sum;
      break;
  }
}

static const struct loops NAME(loops) = {
    NAME(rows), NAME(short_rows), NAME(columns),
    NAME(segment_part), NAME(merge_parts), NAME(segment_result),
};
