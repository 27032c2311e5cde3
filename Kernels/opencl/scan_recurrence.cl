#pragma OPENCL FP_CONTRACT OFF

// result[0] = 0, result[i] = terms[i-1] + factors[i-1] · result[i-1] along the middle axis of
// [outer, count, inner], from its end where IS_REVERSED.
//
// A work item takes up to LANES neighbouring columns from one end of the axis to the other: products
// of factors alone, which parallel forms need, overflow where the results do not.

#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif
#ifndef TYPE
#define TYPE float
#endif
#ifndef IS_REVERSED
#define IS_REVERSED 0
#endif

#if CPU_FLAVOUR && defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT
#endif

#if CPU_FLAVOUR
#define LANES 64
#define GROUP __attribute__((reqd_work_group_size(1, 1, 1)))
#else
#define LANES 1
#define ITEMS 256
#define GROUP __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
#endif

GROUP kernel void recurrence(
    global const TYPE *factors, const long factors_start, global const TYPE *terms,
    const long terms_start, global TYPE *result, const long result_start, const long outer,
    const long count, const long inner) {
  const long blocks = (inner + LANES - 1) / LANES;
  const long item = get_global_id(0);
  const long n = item % blocks * LANES, o = item / blocks;
  if (o >= outer) return;
  const int width = (int)min((long)LANES, inner - n);
  const long step = IS_REVERSED ? -inner : inner;
  long at = (o * count + (IS_REVERSED ? count - 1 : 0)) * inner + n;
  factors += factors_start;
  terms += terms_start;
  result += result_start;
  TYPE state[LANES];
  for (int l = 0; l < LANES; l++) state[l] = 0;
  for (long c = 0; c < count; c++, at += step) {
    INDEPENDENT
    for (int l = 0; l < width; l++) {
      result[at + l] = state[l];
      state[l] = fma(factors[at + l], state[l], terms[at + l]);
    }
  }
}
