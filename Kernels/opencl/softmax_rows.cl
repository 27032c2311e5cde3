#pragma OPENCL FP_CONTRACT OFF

// What softmax and cross-entropy do with a row, in the two flavours. After elementary.h.

#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif
#ifndef TYPE
#define TYPE float
#define EXP elementary_exp
#define LOG1P elementary_log1p
#endif

// The larger of two; a NaN may win or be passed over, but -inf stands for nothing else.
#define LARGER(a, b) (!((a) <= (b)) ? (a) : (b))
#define NOTHING ((TYPE)-INFINITY)

#if CPU_FLAVOUR

#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT
#endif
#define LANES 32
// How many lanes are added up before they are brought together.
#define RUN 64

static inline TYPE fold(TYPE *lanes) {
  for (int width = LANES / 2; width > 0; width /= 2)
    for (int l = 0; l < width; l++) lanes[l] += lanes[l + width];
  return lanes[0];
}

static inline TYPE largest(global const TYPE *x, const long n) {
  TYPE lanes[LANES];
  for (int l = 0; l < LANES; l++) lanes[l] = NOTHING;
  long i = 0;
  for (; i + LANES <= n; i += LANES) {
    INDEPENDENT
    for (int l = 0; l < LANES; l++) lanes[l] = LARGER(x[i + l], lanes[l]);
  }
  for (int l = 0; i + l < n; l++) lanes[l] = LARGER(x[i + l], lanes[l]);
  TYPE best = NOTHING;
  for (int l = 0; l < LANES; l++) best = LARGER(lanes[l], best);
  return best;
}

// Sums `value`, which depends on `i`, over 0..<n into `total`.
#define SUM(total, n, value)                                  \
  for (long first = 0; first < (n); first += RUN * LANES) {   \
    TYPE lanes[LANES];                                        \
    for (int l = 0; l < LANES; l++) lanes[l] = 0;             \
    const long end = min((long)(n), first + RUN * LANES);     \
    long at = first;                                          \
    for (; at + LANES <= end; at += LANES) {                  \
      INDEPENDENT                                             \
      for (int l = 0; l < LANES; l++) {                       \
        const long i = at + l;                                \
        lanes[l] += (value);                                  \
      }                                                       \
    }                                                         \
    for (int l = 0; at + l < end; l++) {                      \
      const long i = at + l;                                  \
      lanes[l] += (value);                                    \
    }                                                         \
    total += fold(lanes);                                     \
  }

// y[i] = exp(x[i] - shift); returns their sum.
static inline TYPE exponentials(
    global const TYPE *x, const TYPE shift, global TYPE *y, const long n) {
  INDEPENDENT
  for (long i = 0; i < n; i++) y[i] = EXP(x[i] - shift);
  TYPE total = 0;
  SUM(total, n, y[i])
  return total;
}

#else

#define ITEMS 256

// Brings the states of the `team` neighbouring items around `item` together; all items call it.
static inline TYPE largest_of_team(TYPE state, local TYPE *states, const int item, const int team) {
  states[item] = state;
  for (int width = team / 2; width > 0; width /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item % team < width) states[item] = LARGER(states[item], states[item + width]);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const TYPE result = states[item - item % team];
  barrier(CLK_LOCAL_MEM_FENCE);
  return result;
}

static inline TYPE sum_of_team(TYPE state, local TYPE *states, const int item, const int team) {
  states[item] = state;
  for (int width = team / 2; width > 0; width /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item % team < width) states[item] += states[item + width];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const TYPE result = states[item - item % team];
  barrier(CLK_LOCAL_MEM_FENCE);
  return result;
}

#endif
