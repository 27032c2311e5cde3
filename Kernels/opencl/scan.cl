#pragma OPENCL FP_CONTRACT OFF

// result[o,c,n] = value[o,0,n] ∘ … ∘ value[o,c,n] along the middle axis of [outer, count, inner],
// without the last where IS_EXCLUSIVE, from the end where IS_REVERSED.
//
// Long axes are cut into `segments` of `segment` rows: `totals` makes [outer, segments, inner] of
// them, whose exclusive scan is where `scan` begins in each: `carry`.

#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif
#ifndef TYPE
#define TYPE float
#define STATE float
#define LOADED(x) (x)
#define STORED(x) (x)
#endif
// The type of the totals and of what is made of them.
#ifndef IS_FLOATING
#define IS_FLOATING 1
#endif
#ifndef WRAPPING
#define WRAPPING uint
#endif
#ifndef IS_PRODUCT
#define IS_PRODUCT 0
#endif
#ifndef IS_EXCLUSIVE
#define IS_EXCLUSIVE 0
#endif
#ifndef IS_REVERSED
#define IS_REVERSED 0
#endif
#ifndef HAS_CARRY
#define HAS_CARRY 0
#endif
// Whether neighbouring work items of a GPU take neighbouring columns, not neighbouring rows.
#ifndef SIDE_BY_SIDE
#define SIDE_BY_SIDE 0
#endif

#if IS_PRODUCT
#define NEUTRAL ((STATE)1)
#define OPERATOR *
#else
#define NEUTRAL ((STATE)0)
#define OPERATOR +
#endif
#if IS_FLOATING
#define COMBINE(a, b) ((a) OPERATOR (b))
#else
#define COMBINE(a, b) ((STATE)((WRAPPING)(a) OPERATOR (WRAPPING)(b)))
#endif

#if CPU_FLAVOUR && defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT
#endif

// Row `c` in the order of the scan.
#if IS_REVERSED
#define ROW(c) (count - 1 - (c))
#else
#define ROW(c) (c)
#endif
#if HAS_CARRY
#define CARRY_PARAMETERS global const STATE *carry, const long carry_start,
#define CARRY(o, s, n) carry[carry_start + ((o) * segments + (s)) * inner + (n)]
#else
#define CARRY_PARAMETERS
#define CARRY(o, s, n) NEUTRAL
#endif

#define ITEMS 256

#if CPU_FLAVOUR || SIDE_BY_SIDE

#if CPU_FLAVOUR
// A work item takes a segment of up to LANES neighbouring columns.
#define LANES 64
#define GROUP __attribute__((reqd_work_group_size(1, 1, 1)))
#define ITEM get_group_id(0)
#else
// A work item takes a segment of one column.
#define LANES 1
#define GROUP __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
#define ITEM get_global_id(0)
#endif

#define PLACE                                             \
  const long blocks = (inner + LANES - 1) / LANES;        \
  const long item = ITEM;                                 \
  const long n = item % blocks * LANES;                   \
  const long s = item / blocks % segments;                \
  const long o = item / blocks / segments;                \
  if (o >= outer) return;                                 \
  const int width = (int)min((long)LANES, inner - n);     \
  const long end = min(count, (s + 1) * segment);         \
  input += input_start + o * count * inner + n;           \
  result += result_start;

GROUP kernel void totals(
    global const TYPE *input, const long input_start, global STATE *result,
    const long result_start, const long outer, const long count, const long inner,
    const long segment, const long segments) {
  PLACE
  STATE state[LANES];
  for (int l = 0; l < width; l++) state[l] = NEUTRAL;
  for (long c = s * segment; c < end; c++) {
    INDEPENDENT
    for (int l = 0; l < width; l++)
      state[l] = COMBINE(state[l], LOADED(input[ROW(c) * inner + l]));
  }
  for (int l = 0; l < width; l++) result[(o * segments + s) * inner + n + l] = state[l];
}

GROUP kernel void scan(
    global const TYPE *input, const long input_start, CARRY_PARAMETERS global TYPE *result,
    const long result_start, const long outer, const long count, const long inner,
    const long segment, const long segments) {
  PLACE
  result += o * count * inner + n;
  STATE state[LANES];
  for (int l = 0; l < width; l++) state[l] = CARRY(o, s, n + l);
  for (long c = s * segment; c < end; c++) {
    const long row = ROW(c) * inner;
    INDEPENDENT
    for (int l = 0; l < width; l++) {
      const STATE next = COMBINE(state[l], LOADED(input[row + l]));
      result[row + l] = STORED(IS_EXCLUSIVE ? state[l] : next);
      state[l] = next;
    }
  }
}

#else

// A group takes a segment of one column, ITEMS rows at a time; inner is small.
#define PLACE                                             \
  local STATE states[ITEMS];                              \
  const int item = get_local_id(0);                       \
  const long group = get_group_id(0);                     \
  const long n = group % inner;                           \
  const long s = group / inner % segments;                \
  const long o = group / inner / segments;                \
  const long end = min(count, (s + 1) * segment);         \
  input += input_start + o * count * inner + n;           \
  result += result_start;

__attribute__((reqd_work_group_size(ITEMS, 1, 1)))
kernel void totals(
    global const TYPE *input, const long input_start, global STATE *result,
    const long result_start, const long outer, const long count, const long inner,
    const long segment, const long segments) {
  PLACE
  STATE state = NEUTRAL;
  for (long c = s * segment + item; c < end; c += ITEMS)
    state = COMBINE(state, LOADED(input[ROW(c) * inner]));
  states[item] = state;
  for (int width = ITEMS / 2; width > 0; width /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < width) states[item] = COMBINE(states[item], states[item + width]);
  }
  if (item == 0) result[(o * segments + s) * inner + n] = states[0];
}

__attribute__((reqd_work_group_size(ITEMS, 1, 1)))
kernel void scan(
    global const TYPE *input, const long input_start, CARRY_PARAMETERS global TYPE *result,
    const long result_start, const long outer, const long count, const long inner,
    const long segment, const long segments) {
  PLACE
  result += o * count * inner + n;
  STATE before = CARRY(o, s, n);
  for (long first = s * segment; first < end; first += ITEMS) {
    const long c = first + item;
    STATE state = c < end ? LOADED(input[ROW(c) * inner]) : NEUTRAL;
    states[item] = state;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int distance = 1; distance < ITEMS; distance *= 2) {
      const STATE other = item >= distance ? states[item - distance] : NEUTRAL;
      barrier(CLK_LOCAL_MEM_FENCE);
      state = COMBINE(other, state);
      states[item] = state;
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    const STATE inclusive = COMBINE(before, state);
    const STATE exclusive = item > 0 ? COMBINE(before, states[item > 0 ? item - 1 : 0]) : before;
    if (c < end) result[ROW(c) * inner] = STORED(IS_EXCLUSIVE ? exclusive : inclusive);
    before = COMBINE(before, states[ITEMS - 1]);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}

#endif
