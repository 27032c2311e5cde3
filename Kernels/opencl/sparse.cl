#pragma OPENCL FP_CONTRACT OFF

#if HAS_FLOAT64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

// result[r] = Σ values[k] · dense[places[k]] over offsets[r] ≤ k < offsets[r + 1]: a matrix stored
// row by row times a dense one of `width` columns. A place out of range adds nothing and leaves
// `fault_number` in `fault`.

#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif
#ifndef TYPE
#define TYPE float
#endif

#define ITEMS 256
#define LANES 64

#if CPU_FLAVOUR
// A group takes `chunk` rows.
#define GROUP __attribute__((reqd_work_group_size(1, 1, 1)))
#else
// An item takes an element of the result.
#define GROUP __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
#endif

GROUP kernel void sparse_product(
    global const int *offsets, const long offsets_start, global const int *places,
    const long places_start, global const TYPE *values, const long values_start,
    global const TYPE *dense, const long dense_start, global TYPE *result,
    const long result_start, const long rows, const long columns, const long count,
    const long width, const long chunk, global int *fault, const int fault_number) {
  offsets += offsets_start;
  places += places_start;
  values += values_start;
  dense += dense_start;
  result += result_start;
  bool is_wrong = offsets[0] != 0 || offsets[rows] != count;
#if CPU_FLAVOUR
  const long first_row = get_group_id(0) * chunk;
  const long last_row = min(rows, first_row + chunk);
  for (long r = first_row; r < last_row; r++) {
    const long first = clamp((long)offsets[r], 0L, count);
    const long end = clamp((long)offsets[r + 1], first, count);
    is_wrong |= first != offsets[r] || end != offsets[r + 1];
    for (long i0 = 0; i0 < width; i0 += LANES) {
      const int n = (int)min((long)LANES, width - i0);
      TYPE total[LANES];
      for (int l = 0; l < n; l++) total[l] = 0;
      for (long k = first; k < end; k++) {
        const long place = places[k];
        if (place < 0 || place >= columns) {
          is_wrong = true;
          continue;
        }
        const TYPE value = values[k];
        global const TYPE *from = dense + place * width + i0;
        for (int l = 0; l < n; l++) total[l] = fma(value, from[l], total[l]);
      }
      for (int l = 0; l < n; l++) result[r * width + i0 + l] = total[l];
    }
  }
#else
  const long e = get_global_id(0);
  if (e < rows * width) {
    const long r = e / width;
    const long i = e - r * width;
    const long first = clamp((long)offsets[r], 0L, count);
    const long end = clamp((long)offsets[r + 1], first, count);
    is_wrong |= first != offsets[r] || end != offsets[r + 1];
    TYPE total = 0;
    for (long k = first; k < end; k++) {
      const long place = places[k];
      if (place < 0 || place >= columns) {
        is_wrong = true;
        continue;
      }
      total = fma(values[k], dense[place * width + i], total);
    }
    result[e] = total;
  }
#endif
  if (is_wrong) *fault = fault_number;
}
