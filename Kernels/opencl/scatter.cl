#pragma OPENCL FP_CONTRACT OFF

#if HAS_FLOAT64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

// Updates [outer, n, inner] brought together in the rows of [outer, count, inner] that their indices
// name, in the order in which they stand: indices[j], or indices[o,j,i] if along. Negative indices
// count from the end, down to `lowest`; for one out of range `fault_number` is left in `fault`.
//
// Rows: `order` has the updates by row, those of row c from starts[c] until starts[c + 1].

#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif
#ifndef TYPE
#define TYPE float
#define STATE float
#define LOADED(x) (x)
#define STORED(x) (x)
#endif
// How two updates become one: a is the earlier.
#ifndef COMBINED
#define COMBINED(a, b) ((a) + (b))
#endif
#ifndef INDEX
#define INDEX int
#endif
// Whether there is something that the updates come on top of.
#ifndef HAS_BASE
#define HAS_BASE 0
#endif

#define ITEMS 256
#define LANES 64

#if CPU_FLAVOUR
#define GROUP __attribute__((reqd_work_group_size(1, 1, 1)))
#else
#define GROUP __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
#endif

#if HAS_BASE
#define BASE_PARAMETERS global const TYPE *base, const long base_start,
#define BASE(at) LOADED(base[base_start + (at)])
#define BASE_AS_IS(at) base[base_start + (at)]
#else
#define BASE_PARAMETERS
#define BASE(at) ((STATE)0)
#define BASE_AS_IS(at) ((TYPE)0)
#endif

static inline long row_of(long index, long count, long lowest) {
  const long row = index < 0 ? index + count : index;
  return index >= lowest && index < count && row >= 0 ? row : -1;
}

#if CPU_FLAVOUR

// One work item counts and places: stable.
GROUP kernel void order_updates(
    global const INDEX *indices, const long indices_start, global int *starts,
    const long starts_start, global int *order, const long order_start, const long count,
    const long n, const long lowest, global int *fault, const int fault_number) {
  indices += indices_start;
  starts += starts_start;
  order += order_start;
  bool is_wrong = false;
  for (long c = 0; c <= count; c++) starts[c] = 0;
  for (long j = 0; j < n; j++) {
    const long row = row_of(indices[j], count, lowest);
    is_wrong |= row < 0;
    if (row >= 0) starts[row]++;
  }
  int total = 0;
  for (long c = 0; c <= count; c++) {
    const int here = starts[c];
    starts[c] = total;
    total += here;
  }
  for (long j = 0; j < n; j++) {
    const long row = row_of(indices[j], count, lowest);
    if (row >= 0) order[starts[row]++] = (int)j;
  }
  // Each start has become that of the next row.
  for (long c = count; c > 0; c--) starts[c] = starts[c - 1];
  starts[0] = 0;
  if (is_wrong) *fault = fault_number;
}

// A group takes `chunk` rows of [outer · count].
GROUP kernel void scatter_rows(
    BASE_PARAMETERS global const int *starts, const long starts_start, global const int *order,
    const long order_start, global const TYPE *updates, const long updates_start,
    global TYPE *result, const long result_start, const long outer, const long count,
    const long inner, const long n, const long chunk) {
  starts += starts_start;
  order += order_start;
  updates += updates_start;
  result += result_start;
  const long first = get_group_id(0) * chunk;
  const long end = min(outer * count, first + chunk);
  for (long r = first; r < end; r++) {
    const long o = r / count;
    const long c = r - o * count;
    const int begin = starts[c];
    const int stop = starts[c + 1];
    global const TYPE *update = updates + o * n * inner;
    for (long i0 = 0; i0 < inner; i0 += LANES) {
      const int width = (int)min((long)LANES, inner - i0);
      const long at = r * inner + i0;
      if (begin == stop) {
        for (int l = 0; l < width; l++) result[at + l] = BASE_AS_IS(at + l);
        continue;
      }
      STATE total[LANES];
      global const TYPE *from = update + order[begin] * inner + i0;
#if HAS_BASE
      for (int l = 0; l < width; l++) total[l] = COMBINED(BASE(at + l), LOADED(from[l]));
#else
      for (int l = 0; l < width; l++) total[l] = LOADED(from[l]);
#endif
      for (int k = begin + 1; k < stop; k++) {
        from = update + order[k] * inner + i0;
        for (int l = 0; l < width; l++) total[l] = COMBINED(total[l], LOADED(from[l]));
      }
      for (int l = 0; l < width; l++) result[at + l] = STORED(total[l]);
    }
  }
}

#else

// The row of each index; `count` for one out of range, so that it sorts behind all rows.
GROUP kernel void rows_of_indices(
    global const INDEX *indices, const long indices_start, global int *rows, const long rows_start,
    const long count, const long n, const long lowest, global int *fault, const int fault_number) {
  const long j = get_global_id(0);
  if (j >= n) return;
  const long row = row_of(indices[indices_start + j], count, lowest);
  rows[rows_start + j] = (int)(row < 0 ? count : row);
  if (row < 0) *fault = fault_number;
}

// starts[c] is how many of the sorted rows are below c.
GROUP kernel void find_starts(
    global const int *rows, const long rows_start, global const int *order, const long order_start,
    global int *starts, const long starts_start, const long count, const long n) {
  rows += rows_start;
  order += order_start;
  const long c = get_global_id(0);
  if (c > count) return;
  long low = 0, high = n;
  while (low < high) {
    const long middle = low + (high - low) / 2;
    if (rows[order[middle]] < c)
      low = middle + 1;
    else
      high = middle;
  }
  starts[starts_start + c] = (int)low;
}

// An item takes an element of the result.
GROUP kernel void scatter_rows(
    BASE_PARAMETERS global const int *starts, const long starts_start, global const int *order,
    const long order_start, global const TYPE *updates, const long updates_start,
    global TYPE *result, const long result_start, const long outer, const long count,
    const long inner, const long n, const long chunk) {
  const long e = get_global_id(0);
  if (e >= outer * count * inner) return;
  starts += starts_start;
  order += order_start;
  const long r = e / inner;
  const long i = e - r * inner;
  const long o = r / count;
  const long c = r - o * count;
  const int begin = starts[c];
  const int stop = starts[c + 1];
  updates += updates_start + o * n * inner + i;
  if (begin == stop) {
    result[result_start + e] = BASE_AS_IS(e);
    return;
  }
  STATE total = LOADED(updates[order[begin] * inner]);
#if HAS_BASE
  total = COMBINED(BASE(e), total);
#endif
  for (int k = begin + 1; k < stop; k++)
    total = COMBINED(total, LOADED(updates[order[k] * inner]));
  result[result_start + e] = STORED(total);
}

#endif

// A group takes up to `chunk` columns side by side, on GPUs an item takes one of [outer · inner].
GROUP kernel void scatter_along(
    BASE_PARAMETERS global const INDEX *indices, const long indices_start,
    global const TYPE *updates, const long updates_start, global TYPE *result,
    const long result_start, const long outer, const long count, const long inner, const long n,
    const long lowest, const long chunk, global int *fault, const int fault_number) {
  indices += indices_start;
  updates += updates_start;
  result += result_start;
#if CPU_FLAVOUR
  const long blocks = (inner + chunk - 1) / chunk;
  const long o = get_group_id(0) / blocks;
  const long i0 = get_group_id(0) % blocks * chunk;
  const long width = min(chunk, inner - i0);
#else
  const long o = get_global_id(0) / inner;
  const long i0 = get_global_id(0) % inner;
  const long width = 1;
  if (o >= outer) return;
#endif
  bool is_wrong = false;
  for (long c = 0; c < count; c++) {
    const long at = (o * count + c) * inner + i0;
    for (long l = 0; l < width; l++) result[at + l] = BASE_AS_IS(at + l);
  }
  for (long j = 0; j < n; j++) {
    const long from = (o * n + j) * inner + i0;
    for (long l = 0; l < width; l++) {
      const long row = row_of(indices[from + l], count, lowest);
      is_wrong |= row < 0;
      if (row < 0) continue;
      const long at = (o * count + row) * inner + i0 + l;
      result[at] = STORED(COMBINED(LOADED(result[at]), LOADED(updates[from + l])));
    }
  }
  if (is_wrong) *fault = fault_number;
}
