#pragma OPENCL FP_CONTRACT OFF

// result[o,j,i] = x[o, index, i] along the middle axis of [outer, count, inner], where the index is
// indices[j], or indices[o,j,i] if IS_ALONG. Negative indices count from the end, down to `lowest`.
// For one out of range the result is 0 and `fault_number` is left in `fault`.

#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif
#ifndef TYPE
#define TYPE uint
#endif
#ifndef INDEX
#define INDEX int
#endif
#ifndef IS_ALONG
#define IS_ALONG 0
#endif

#define ITEMS 256

#if CPU_FLAVOUR
#define GROUP __attribute__((reqd_work_group_size(1, 1, 1)))
#else
#define GROUP __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
#endif

static inline long row_of(long index, long count, long lowest) {
  const long row = index < 0 ? index + count : index;
  return index >= lowest && index < count && row >= 0 ? row : -1;
}

// A group takes `chunk` rows of [outer · n], or on GPUs `chunk` elements.
GROUP kernel void gather(
    global const TYPE *x, const long x_start, global const INDEX *indices, const long indices_start,
    global TYPE *result, const long result_start, const long outer, const long count,
    const long inner, const long n, const long lowest, const long chunk, global int *fault,
    const int fault_number) {
  x += x_start;
  indices += indices_start;
  result += result_start;
  const long begin = get_group_id(0) * chunk;
  bool is_wrong = false;
#if CPU_FLAVOUR
  const long end = min(outer * n, begin + chunk);
  for (long r = begin; r < end; r++) {
    const long o = r / n;
    global TYPE *to = result + r * inner;
#if IS_ALONG
    for (long i = 0; i < inner; i++) {
      const long row = row_of(indices[r * inner + i], count, lowest);
      to[i] = row >= 0 ? x[(o * count + row) * inner + i] : (TYPE)0;
      is_wrong |= row < 0;
    }
#else
    const long row = row_of(indices[r - o * n], count, lowest);
    if (row >= 0) {
      global const TYPE *from = x + (o * count + row) * inner;
      for (long i = 0; i < inner; i++) to[i] = from[i];
    } else {
      for (long i = 0; i < inner; i++) to[i] = 0;
      is_wrong = true;
    }
#endif
  }
#else
  const long end = min(outer * n * inner, begin + chunk);
  for (long e = begin + get_local_id(0); e < end; e += ITEMS) {
    const long r = e / inner;
    const long o = r / n;
    const long i = e - r * inner;
    const long row = row_of(indices[IS_ALONG ? e : r - o * n], count, lowest);
    result[e] = row >= 0 ? x[(o * count + row) * inner + i] : (TYPE)0;
    is_wrong |= row < 0;
  }
#endif
  if (is_wrong) *fault = fault_number;
}
