// The problems in one type T, whose LAPACK functions begin with PREFIX: included once for each.
// A row-major matrix is a column-major one transposed, so most need no copy in another order.

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define LAPACK(name) JOIN(PREFIX, JOIN(name, _))
#define NAME(name) JOIN(JOIN(PREFIX, _), name)

static bool NAME(is_finite)(const T *x, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (!(x[i] - x[i] == 0)) return false;
  return true;
}

static void NAME(transpose)(const T *from, int64_t rows, int64_t columns, T *to) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
}

static T *NAME(memory)(int64_t count) {
  return scratch(scratch_matrix, (count + 1) * (int64_t)sizeof(T));
}

// The lower triangle, row-major, is the upper one column-major: U of UᵀU is L of LLᵀ.
static int NAME(cholesky)(const T *a, int n, T *l) {
  int info = 0;
  memcpy(l, a, (size_t)n * n * sizeof(T));
  LAPACK(potrf)("U", &n, l, &n, &info, 1);
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = i + 1; j < n; j++) l[i * n + j] = 0;
  return info;
}

// Of matrices that are not wider than high.
static int NAME(qr)(const T *a, int m, int n, T *q, T *r) {
  int info = 0, query = -1;
  T size, other;
  LAPACK(geqrf)(&m, &n, NULL, &m, NULL, &size, &query, &info);
  LAPACK(orgqr)(&m, &n, &n, NULL, &m, NULL, &other, &query, &info);
  int length = (int)(size > other ? size : other);
  T *copy = NAME(memory)((int64_t)m * n + n + length), *tau = copy + (int64_t)m * n, *work = tau + n;
  NAME(transpose)(a, m, n, copy);
  LAPACK(geqrf)(&m, &n, copy, &m, tau, work, &length, &info);
  if (info) return info;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) r[i * n + j] = j < i ? 0 : copy[j * m + i];
  LAPACK(orgqr)(&m, &n, &n, copy, &m, tau, work, &length, &info);
  NAME(transpose)(copy, n, m, q);
  return info;
}

// Aᵀ = V S Uᵀ: what is computed as U of the transposed matrix, column-major, is Vᵀ row-major.
static int NAME(svd)(const T *a, int m, int n, T *u, T *s, T *vt) {
  int k = m < n ? m : n, info = 0, query = -1, *places = NULL;
  T size;
  LAPACK(gesdd)("S", &n, &m, NULL, &n, s, vt, &n, u, &k, &size, &query, NULL, &info, 1);
  int length = (int)size;
  int64_t count = (int64_t)m * n + length;
  T *copy = NAME(memory)(count + 8 * (int64_t)k), *work = copy + (int64_t)m * n;
  places = (int *)(copy + count);
  memcpy(copy, a, (size_t)m * n * sizeof(T));
  LAPACK(gesdd)("S", &n, &m, copy, &n, s, vt, &n, u, &k, work, &length, places, &info, 1);
  return info;
}

static int NAME(eigen)(const T *a, int n, T *w, T *v) {
  int info = 0, query = -1, place, places_length;
  T size;
  LAPACK(syevd)("V", "U", &n, NULL, &n, w, &size, &query, &place, &query, &info, 1, 1);
  int length = (int)size;
  places_length = place;
  int64_t count = (int64_t)n * n + length;
  T *copy = NAME(memory)(count + places_length), *work = copy + (int64_t)n * n;
  int *places = (int *)(copy + count);
  memcpy(copy, a, (size_t)n * n * sizeof(T));
  LAPACK(syevd)("V", "U", &n, copy, &n, w, work, &length, places, &places_length, &info, 1, 1);
  NAME(transpose)(copy, n, n, v);
  return info;
}

static int NAME(solve)(const T *a, int n, const T *b, int right, T *x) {
  int info = 0;
  int64_t square = (int64_t)n * n, side = (int64_t)n * right;
  T *copy = NAME(memory)(square + side + n), *columns = copy + square;
  int *pivots = (int *)(columns + side);
  memcpy(copy, a, (size_t)square * sizeof(T));
  LAPACK(getrf)(&n, &n, copy, &n, pivots, &info);
  if (info) return info;
  NAME(transpose)(b, n, right, columns);
  LAPACK(getrs)("T", &n, &right, copy, &n, pivots, columns, &n, &info, 1);
  NAME(transpose)(columns, right, n, x);
  return info;
}

static int NAME(triangular)(const matrix_problem *p, const T *a, int n, const T *b, int right, T *x) {
  int info = 0;
  T *columns = NAME(memory)((int64_t)n * right);
  NAME(transpose)(b, n, right, columns);
  LAPACK(trtrs)(
      p->is_upper ? "L" : "U", p->is_transposed ? "N" : "T", p->is_unit ? "U" : "N", &n, &right, a,
      &n, columns, &n, &info, 1, 1, 1);
  NAME(transpose)(columns, right, n, x);
  return info;
}

static int NAME(inverse)(const T *a, int n, T *x) {
  int info = 0, query = -1;
  T size;
  LAPACK(getri)(&n, x, &n, NULL, &size, &query, &info);
  int length = (int)size;
  T *work = NAME(memory)((int64_t)length + n);
  int *pivots = (int *)(work + length);
  memcpy(x, a, (size_t)n * n * sizeof(T));
  LAPACK(getrf)(&n, &n, x, &n, pivots, &info);
  if (info) return info;
  LAPACK(getri)(&n, x, &n, pivots, work, &length, &info);
  return info;
}

// A matrix that is singular has the determinant 0.
static void NAME(determinant)(const T *a, int n, T *determinant, T *sign, T *logarithm) {
  int info = 0;
  T *copy = NAME(memory)((int64_t)n * n + n);
  int *pivots = (int *)(copy + (int64_t)n * n);
  memcpy(copy, a, (size_t)n * n * sizeof(T));
  if (n > 0) LAPACK(getrf)(&n, &n, copy, &n, pivots, &info);
  double product = 1, sum = 0, direction = 1;
  for (int64_t i = 0; i < n; i++) {
    double d = copy[i * n + i];
    if (pivots[i] != i + 1) product = -product, direction = -direction;
    if (d < 0) direction = -direction;
    if (d == 0) direction = 0;
    product *= d;
    sum += log(fabs(d));
  }
  if (determinant) *determinant = (T)product;
  if (sign) *sign = (T)direction;
  if (logarithm) *logarithm = (T)sum;
}

static int NAME(run)(
    const matrix_problem *p, int64_t number, const void *const *inputs, void *const *results) {
  int m = (int)p->rows, n = (int)p->columns, right = (int)p->right, k = m < n ? m : n;
  const T *a = (const T *)inputs[0] + number * m * n;
  if (!NAME(is_finite)(a, (int64_t)m * n)) return matrix_not_finite;
  T *first = (T *)results[0];
  T *second = (T *)results[1];
  switch (p->kind) {
    case matrix_cholesky: return NAME(cholesky)(a, n, first + number * n * n);
    case matrix_qr:
      return NAME(qr)(a, m, n, first + number * m * n, second + number * n * n);
    case matrix_svd:
      return NAME(svd)(
          a, m, n, first + number * m * k, second + number * k, (T *)results[2] + number * k * n);
    case matrix_eigen:
      return NAME(eigen)(a, n, first + number * n, second + number * n * n);
    case matrix_solve:
    case matrix_triangular: {
      const T *b = (const T *)inputs[1] + number * n * right;
      T *x = first + number * n * right;
      if (!NAME(is_finite)(b, (int64_t)n * right)) return matrix_not_finite;
      return p->kind == matrix_solve ? NAME(solve)(a, n, b, right, x)
                                     : NAME(triangular)(p, a, n, b, right, x);
    }
    case matrix_inverse: return NAME(inverse)(a, n, first + number * n * n);
    case matrix_determinant:
      NAME(determinant)(a, n, first + number, NULL, NULL);
      return 0;
    case matrix_log_determinant:
      NAME(determinant)(a, n, NULL, first + number, second + number);
      return 0;
  }
  return 0;
}

#undef JOIN_
#undef JOIN
#undef LAPACK
#undef NAME
