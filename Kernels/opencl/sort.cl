#pragma OPENCL FP_CONTRACT OFF

// result, [outer, limit, inner], is which elements along the middle axis of [outer, count, inner] are
// the first `limit`: of equal ones the first, NaN after all others in either direction.
//
// Elements become unsigned integers that have their order; these are sorted together with their
// places. CPU_FLAVOUR: a work item sorts a column digit by digit. Else a bitonic network over keys
// and places, which are all different, so that it is stable: blocks in local memory, wider steps in
// global memory. Columns are padded to a power of two.

#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif
// The elements as they lie in memory, and their keys.
#ifndef WORD
#define WORD uint
#define KEY uint
#endif
// The bits of infinity, or 0 for integers.
#ifndef INFINITE
#define INFINITE 0x7F800000u
#endif
#ifndef SIGN
#define SIGN 0x80000000u
#endif
#ifndef IS_DESCENDING
#define IS_DESCENDING 0
#endif

#define ITEMS 256
#define BLOCK 1024

static inline KEY key_of(WORD bits) {
#if INFINITE
  const WORD size = bits & (WORD)~(WORD)SIGN;
  if (size > (WORD)INFINITE) return ~(KEY)0;
  if (size == 0) bits = 0;
  WORD key = bits & (WORD)SIGN ? (WORD)~bits : (WORD)(bits | (WORD)SIGN);
#else
  WORD key = (WORD)(bits ^ (WORD)SIGN);
#endif
  return (KEY)(WORD)(IS_DESCENDING ? (WORD)~key : key);
}

#if CPU_FLAVOUR

// A group sorts every column that is its number modulo the number of groups, in `2 · count` keys and
// places of its own.
__attribute__((reqd_work_group_size(1, 1, 1)))
kernel void sort(
    global const WORD *x, const long x_start, global int *result, const long result_start,
    global KEY *all_keys, const long keys_start, global int *all_orders, const long orders_start,
    const long columns, const long count, const long inner, const long limit) {
  x += x_start;
  result += result_start;
  const long group = get_group_id(0);
  for (long column = group; column < columns; column += get_num_groups(0)) {
    global KEY *keys = all_keys + keys_start + group * 2 * count;
    global KEY *other = keys + count;
    global int *order = all_orders + orders_start + group * 2 * count;
    global int *spare = order + count;
    const long o = column / inner;
    const long i = column % inner;
    global const WORD *from = x + o * count * inner + i;
    for (long c = 0; c < count; c++) {
      keys[c] = key_of(from[c * inner]);
      order[c] = (int)c;
    }
    for (int shift = 0; shift < 8 * (int)sizeof(KEY); shift += 8) {
      long starts[256];
      for (int digit = 0; digit < 256; digit++) starts[digit] = 0;
      for (long c = 0; c < count; c++) starts[(int)(keys[c] >> shift & 255)]++;
      if (starts[(int)(keys[0] >> shift & 255)] == count) continue;
      long total = 0;
      for (int digit = 0; digit < 256; digit++) {
        const long n = starts[digit];
        starts[digit] = total;
        total += n;
      }
      for (long c = 0; c < count; c++) {
        const long at = starts[(int)(keys[c] >> shift & 255)]++;
        other[at] = keys[c];
        spare[at] = order[c];
      }
      global KEY *sorted = other;
      other = keys;
      keys = sorted;
      global int *placed = spare;
      spare = order;
      order = placed;
    }
    for (long k = 0; k < limit; k++) result[(o * limit + k) * inner + i] = order[k];
  }
}

#define GROUP __attribute__((reqd_work_group_size(1, 1, 1)))

#else

#define GROUP __attribute__((reqd_work_group_size(ITEMS, 1, 1)))

// Puts a pair in order. `i` counts along the column: runs of `width` alternate in direction.
#define EXCHANGE(keys, orders, a, b, i, width)                                      \
  {                                                                                 \
    const KEY left = keys[a], right = keys[b];                                      \
    const int left_order = orders[a], right_order = orders[b];                      \
    const bool is_after = left > right || (left == right && left_order > right_order); \
    if (is_after == (((i) & (width)) == 0)) {                                       \
      keys[a] = right;                                                              \
      keys[b] = left;                                                               \
      orders[a] = right_order;                                                      \
      orders[b] = left_order;                                                       \
    }                                                                               \
  }

// The steps from `distance` down, inside a block of local memory that starts at `base`.
#define STEPS(width, distance)                                       \
  for (int d = (distance); d > 0; d /= 2) {                          \
    for (int t = get_local_id(0); t < BLOCK / 2; t += ITEMS) {       \
      const int a = 2 * d * (t / d) + t % d;                         \
      EXCHANGE(keys, orders, a, a + d, (base + a) & (padded - 1), width) \
    }                                                                \
    barrier(CLK_LOCAL_MEM_FENCE);                                    \
  }

// A group sorts a block of the padded columns, which follow each other.
GROUP kernel void sort_blocks(
    global const WORD *x, const long x_start, global KEY *all_keys, const long keys_start,
    global int *all_orders, const long orders_start, const long columns, const long count,
    const long inner, const long padded) {
  local KEY keys[BLOCK];
  local int orders[BLOCK];
  x += x_start;
  all_keys += keys_start;
  all_orders += orders_start;
  const long base = get_group_id(0) * (long)BLOCK;
  for (int t = get_local_id(0); t < BLOCK; t += ITEMS) {
    const long column = (base + t) / padded;
    const long c = (base + t) & (padded - 1);
    const bool is_there = column < columns && c < count;
    keys[t] = is_there ? key_of(x[(column / inner * count + c) * inner + column % inner]) : ~(KEY)0;
    orders[t] = (int)c;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const int widest = (int)min((long)BLOCK, padded);
  for (int width = 2; width <= widest; width *= 2) STEPS((long)width, width / 2)
  for (int t = get_local_id(0); t < BLOCK; t += ITEMS) {
    all_keys[base + t] = keys[t];
    all_orders[base + t] = orders[t];
  }
}

// One step between elements that are a block or more apart. An item takes a pair.
GROUP kernel void sort_step(
    global KEY *keys, const long keys_start, global int *orders, const long orders_start,
    const long pairs, const long padded, const long width, const long distance) {
  keys += keys_start;
  orders += orders_start;
  const long t = get_global_id(0);
  if (t >= pairs) return;
  const long a = 2 * distance * (t / distance) + t % distance;
  EXCHANGE(keys, orders, a, a + distance, a & (padded - 1), width)
}

// The steps of a width that stay inside blocks.
GROUP kernel void sort_rest(
    global KEY *all_keys, const long keys_start, global int *all_orders, const long orders_start,
    const long padded, const long width) {
  local KEY keys[BLOCK];
  local int orders[BLOCK];
  all_keys += keys_start;
  all_orders += orders_start;
  const long base = get_group_id(0) * (long)BLOCK;
  for (int t = get_local_id(0); t < BLOCK; t += ITEMS) {
    keys[t] = all_keys[base + t];
    orders[t] = all_orders[base + t];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  STEPS(width, BLOCK / 2)
  for (int t = get_local_id(0); t < BLOCK; t += ITEMS) {
    all_keys[base + t] = keys[t];
    all_orders[base + t] = orders[t];
  }
}

// An item takes a place of the result.
GROUP kernel void sort_result(
    global const int *orders, const long orders_start, global int *result, const long result_start,
    const long n, const long inner, const long limit, const long padded) {
  orders += orders_start;
  result += result_start;
  const long t = get_global_id(0);
  if (t >= n) return;
  const long i = t % inner;
  const long k = t / inner % limit;
  const long o = t / inner / limit;
  result[t] = orders[(o * inner + i) * padded + k];
}

#endif

// result is how many of `count` ascending bounds are below each of `n` values, or not above them if
// `is_right`, for each of `outer`. A group takes `chunk` values, on GPUs an item one.
GROUP kernel void search(
    global const WORD *bounds, const long bounds_start, global const WORD *values,
    const long values_start, global int *result, const long result_start, const long total,
    const long n, const long count, const int is_shared, const int is_right, const long chunk) {
  bounds += bounds_start;
  values += values_start;
  result += result_start;
#if CPU_FLAVOUR
  const long first = get_group_id(0) * chunk;
  const long end = min(total, first + chunk);
#else
  const long first = get_global_id(0);
  const long end = min(total, first + 1);
#endif
  for (long at = first; at < end; at++) {
    global const WORD *bound = bounds + (is_shared ? 0 : at / n * count);
    const KEY value = key_of(values[at]);
    long low = 0, high = count;
    while (low < high) {
      const long middle = low + (high - low) / 2;
      const KEY key = key_of(bound[middle]);
      if (is_right ? key <= value : key < value)
        low = middle + 1;
      else
        high = middle;
    }
    result[at] = (int)low;
  }
}
