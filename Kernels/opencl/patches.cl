#pragma OPENCL FP_CONTRACT OFF

// What windows over images [batch, rows, columns, channels] see, [batch, windows along rows, along
// columns, taps along rows, along columns, channels]. A window is (extent of the input, number of
// windows, taps, stride, dilation, padding before).
//
// On a CPU a work item takes a row of what is made, on a GPU one element.

#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif
#ifndef TYPE
#define TYPE float
// Whether it is added up, not only moved.
#define FOLDS 1
#endif
#if CPU_FLAVOUR && defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT
#endif

#define INPUT s0
#define OUTPUT s1
#define TAPS s2
#define STRIDE s3
#define DILATION s4
#define BEFORE s5

#if CPU_FLAVOUR
#define GROUP __attribute__((reqd_work_group_size(1, 1, 1)))
#else
#define ITEMS 256
#define GROUP __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
#endif

#if !FOLDS

// patches[n,i,j,a,b,c] = input[n, i · stride - before + a · dilation, …, c], or 0 beside the image.
GROUP kernel void copy(
    global const TYPE *input, const long input_start, global TYPE *patches,
    const long patches_start, const long batch, const long8 rows, const long8 columns,
    const long channels) {
  input += input_start;
  patches += patches_start;
#if CPU_FLAVOUR
  const long row = get_group_id(0);
  const long n = row / rows.OUTPUT, i = row % rows.OUTPUT;
  global TYPE *to = patches + row * columns.OUTPUT * rows.TAPS * columns.TAPS * channels;
  for (long j = 0; j < columns.OUTPUT; j++)
    for (long a = 0; a < rows.TAPS; a++) {
      const long r = i * rows.STRIDE - rows.BEFORE + a * rows.DILATION;
      const bool is_inside = r >= 0 && r < rows.INPUT;
      global const TYPE *line =
          input + (n * rows.INPUT + (is_inside ? r : 0)) * columns.INPUT * channels;
      const long start = j * columns.STRIDE - columns.BEFORE;
      if (is_inside && columns.DILATION == 1 && start >= 0
          && start + columns.TAPS <= columns.INPUT) {
        INDEPENDENT
        for (long c = 0; c < columns.TAPS * channels; c++) to[c] = line[start * channels + c];
        to += columns.TAPS * channels;
        continue;
      }
      for (long b = 0; b < columns.TAPS; b++, to += channels) {
        const long k = start + b * columns.DILATION;
        if (is_inside && k >= 0 && k < columns.INPUT) {
          INDEPENDENT
          for (long c = 0; c < channels; c++) to[c] = line[k * channels + c];
        } else {
          INDEPENDENT
          for (long c = 0; c < channels; c++) to[c] = 0;
        }
      }
    }
#else
  const long item = get_global_id(0);
  const long c = item % channels, tap = item / channels;
  const long b = tap % columns.TAPS, line = tap / columns.TAPS;
  const long a = line % rows.TAPS, window = line / rows.TAPS;
  const long j = window % columns.OUTPUT, row = window / columns.OUTPUT;
  const long i = row % rows.OUTPUT, n = row / rows.OUTPUT;
  if (n >= batch) return;
  const long r = i * rows.STRIDE - rows.BEFORE + a * rows.DILATION;
  const long k = j * columns.STRIDE - columns.BEFORE + b * columns.DILATION;
  const bool is_inside = r >= 0 && r < rows.INPUT && k >= 0 && k < columns.INPUT;
  patches[item] =
      is_inside ? input[((n * rows.INPUT + r) * columns.INPUT + k) * channels + c] : (TYPE)0;
#endif
}

#else

// The window whose tap sees `position`, or -1.
static inline long seeing(const long8 window, const long position, const long tap) {
  const long start = position + window.BEFORE - tap * window.DILATION;
  if (start < 0 || start % window.STRIDE != 0) return -1;
  return start / window.STRIDE < window.OUTPUT ? start / window.STRIDE : -1;
}

// result[n,r,k,c] = the sum of its places in the patches, in row-major order of the taps.
GROUP kernel void fold(
    global const TYPE *patches, const long patches_start, global TYPE *result,
    const long result_start, const long batch, const long8 rows, const long8 columns,
    const long channels) {
  patches += patches_start;
  result += result_start;
#if CPU_FLAVOUR
  const long row = get_group_id(0);
  const long n = row / rows.INPUT, r = row % rows.INPUT;
  for (long k = 0; k < columns.INPUT; k++) {
    global TYPE *to = result + (row * columns.INPUT + k) * channels;
    for (long c = 0; c < channels; c++) to[c] = 0;
    for (long a = 0; a < rows.TAPS; a++) {
      const long i = seeing(rows, r, a);
      if (i < 0) continue;
      for (long b = 0; b < columns.TAPS; b++) {
        const long j = seeing(columns, k, b);
        if (j < 0) continue;
        const long window = (n * rows.OUTPUT + i) * columns.OUTPUT + j;
        global const TYPE *from =
            patches + ((window * rows.TAPS + a) * columns.TAPS + b) * channels;
        INDEPENDENT
        for (long c = 0; c < channels; c++) to[c] += from[c];
      }
    }
  }
#else
  const long item = get_global_id(0);
  const long c = item % channels, position = item / channels;
  const long k = position % columns.INPUT, row = position / columns.INPUT;
  const long r = row % rows.INPUT, n = row / rows.INPUT;
  if (n >= batch) return;
  TYPE sum = 0;
  for (long a = 0; a < rows.TAPS; a++) {
    const long i = seeing(rows, r, a);
    if (i < 0) continue;
    for (long b = 0; b < columns.TAPS; b++) {
      const long j = seeing(columns, k, b);
      if (j < 0) continue;
      const long window = (n * rows.OUTPUT + i) * columns.OUTPUT + j;
      sum += patches[((window * rows.TAPS + a) * columns.TAPS + b) * channels + c];
    }
  }
  result[item] = sum;
#endif
}

#endif
