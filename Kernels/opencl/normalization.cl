#pragma OPENCL FP_CONTRACT OFF

// Of x, [outer, count, inner], row-major, along c, cut into `segments` of `segment` rows:
//   moments: the mean, and the sum of squared distances from it times `factor`; means are counted
//   from the first row of all until the last launch, so that large ones keep their digits;
//   sums: Σ g and Σ g · (x - mean), where mean is [outer, inner] and g is as x.
// Results are [2, outer, segments, inner]; merge_moments and merge_sums bring segments together, to
// [2, outer, inner]. Which values meet in which order depends on the extents alone.

#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif
#ifndef INDEX
#define INDEX int
#endif
#ifndef VECTORIZE
#define VECTORIZE
#endif
#ifndef TYPE
#define TYPE float
#endif

#define SIZES                                                                                   \
  const INDEX outer, const INDEX count, const INDEX inner, const INDEX segment,                 \
      const INDEX segments, const INDEX blocks, const INDEX share, const int team,              \
      const int side_by_side

// Steps that are added up before they join the rest: their mean is not far from that so far, so that
// squares of distances from it do not cancel.
#define RUN 16

// `n` values with a mean and squared distances from it, joined by `m` others (Chan and others 1983).
#define JOIN(n, mean, squares, m, other_mean, other_squares)                                    \
  {                                                                                             \
    const TYPE total = (n) + (m);                                                               \
    const TYPE part = total > 0 ? (m) / total : 0;                                              \
    const TYPE distance = (other_mean) - (mean);                                                \
    squares += (other_squares) + distance * distance * ((n) * part);                            \
    mean += distance * part;                                                                    \
  }

#if CPU_FLAVOUR

#define LANES 128

// One work item takes one segment of `share` outer indices and one of `blocks` blocks of columns.
// Short rows are taken side by side, each lane for itself at first.
#define PLACE                                                                                   \
  const INDEX group = get_group_id(0);                                                          \
  const INDEX s = group % segments;                                                             \
  const INDEX n = group / segments % blocks * LANES;                                            \
  const INDEX first = group / segments / blocks * share;                                        \
  const INDEX c_begin = s * segment;                                                            \
  const INDEX c_end = min(count, c_begin + segment);                                            \
  const int columns = (int)min(inner - n, (INDEX)LANES);                                        \
  const int rows = inner <= LANES / 2 ? (int)min(LANES / inner, max(count, (INDEX)1)) : 1;      \
  const int width = columns * rows;                                                             \
  const INDEX step = inner * rows;                                                              \
  const INDEX steps = (c_end - c_begin) / rows;                                                 \
  const int rest = (int)(c_end - c_begin - steps * rows) * columns;                             \
  const INDEX plane = outer * segments * inner;

// Full vectors have a loop of their own.
#define EACH_LANE(BODY)                                                                         \
  if (width == LANES) {                                                                         \
    VECTORIZE for (int l = 0; l < LANES; l++) { BODY }                                          \
  } else {                                                                                      \
    VECTORIZE for (int l = 0; l < width; l++) { BODY }                                          \
  }

__attribute__((reqd_work_group_size(1, 1, 1)))
kernel void moments(
    global const TYPE *x, const long x_start, global TYPE *result, const long result_start, SIZES,
    const TYPE factor) {
  x += x_start;
  result += result_start;
  PLACE
  for (INDEX o = first; o < min(outer, first + share); o++) {
    global const TYPE *from = x + (o * count + c_begin) * inner + n;
    TYPE pivot[LANES], mean[LANES], squares[LANES], number[LANES];
    for (int l = 0; l < width; l++) {
      pivot[l] = x[o * count * inner + n + l % columns];
      mean[l] = steps > 0 ? from[l] - pivot[l] : 0;
      squares[l] = 0;
    }
    for (INDEX t = 0; t < steps; t += RUN) {
      const INDEX end = min(steps, t + RUN);
      TYPE sum[LANES], products[LANES];
      for (int l = 0; l < width; l++) sum[l] = products[l] = 0;
      for (INDEX r = t; r < end; r++) {
        global const TYPE *row = from + r * step;
        EACH_LANE(const TYPE d = row[l] - pivot[l] - mean[l]; sum[l] += d;
                  products[l] = fma(d, d, products[l]);)
      }
      const TYPE taken = (TYPE)(end - t);
      const TYPE part = taken / (TYPE)end;
      const TYPE weight = (TYPE)t * part;
      EACH_LANE(const TYPE d = sum[l] / taken; squares[l] += products[l] - sum[l] * d + d * d * weight;
                mean[l] += d * part;)
    }
    for (int l = 0; l < width; l++) number[l] = (TYPE)steps;
    for (int l = 0; l < rest; l++) {
      const TYPE value = from[steps * step + l] - pivot[l];
      JOIN(number[l], mean[l], squares[l], (TYPE)1, value, 0)
      number[l] += 1;
    }
    for (int left = rows; left > 1;) {
      const int half_of = (left + 1) / 2;
      for (int l = 0; l < (left - half_of) * columns; l++) {
        const int m = l + half_of * columns;
        JOIN(number[l], mean[l], squares[l], number[m], mean[m], squares[m])
        number[l] += number[m];
      }
      left = half_of;
    }
    const INDEX at = (o * segments + s) * inner + n;
    for (int l = 0; l < columns; l++) {
      result[at + l] = segments == 1 ? pivot[l] + mean[l] : mean[l];
      result[plane + at + l] = squares[l] * factor;
    }
  }
}

__attribute__((reqd_work_group_size(1, 1, 1)))
kernel void sums(
    global const TYPE *g, const long g_start, global const TYPE *x, const long x_start,
    global const TYPE *mean, const long mean_start, global TYPE *result, const long result_start,
    SIZES) {
  g += g_start;
  x += x_start;
  mean += mean_start;
  result += result_start;
  PLACE
  for (INDEX o = first; o < min(outer, first + share); o++) {
    const INDEX start = (o * count + c_begin) * inner + n;
    TYPE origin[LANES], sum[LANES], products[LANES];
    for (int l = 0; l < width; l++) {
      origin[l] = mean[o * inner + n + l % columns];
      sum[l] = products[l] = 0;
    }
    for (INDEX t = 0; t < steps; t += RUN) {
      const INDEX end = min(steps, t + RUN);
      TYPE run_sum[LANES], run_products[LANES];
      for (int l = 0; l < width; l++) run_sum[l] = run_products[l] = 0;
      for (INDEX r = t; r < end; r++) {
        global const TYPE *factors = g + start + r * step;
        global const TYPE *row = x + start + r * step;
        EACH_LANE(const TYPE f = factors[l]; run_sum[l] += f;
                  run_products[l] = fma(f, row[l] - origin[l], run_products[l]);)
      }
      EACH_LANE(sum[l] += run_sum[l]; products[l] += run_products[l];)
    }
    for (int l = 0; l < rest; l++) {
      const INDEX i = start + steps * step + l;
      sum[l] += g[i];
      products[l] = fma(g[i], x[i] - origin[l], products[l]);
    }
    for (int left = rows; left > 1;) {
      const int half_of = (left + 1) / 2;
      for (int l = 0; l < (left - half_of) * columns; l++) {
        sum[l] += sum[l + half_of * columns];
        products[l] += products[l + half_of * columns];
      }
      left = half_of;
    }
    const INDEX at = (o * segments + s) * inner + n;
    for (int l = 0; l < columns; l++) {
      result[at + l] = sum[l];
      result[plane + at + l] = products[l];
    }
  }
}

#define MERGE_ITEMS 1
// One work item takes a block of columns of one outer index.
#define MERGED_RESULTS                                                                          \
  const INDEX o = (INDEX)get_group_id(0) / blocks;                                              \
  const INDEX n = (INDEX)get_group_id(0) % blocks * LANES;                                      \
  const INDEX end = min(inner, n + LANES);                                                      \
  for (INDEX i = n; i < end; i++)

#else

#define ITEMS 256
#define RESULTS (ITEMS / team)

// A group of ITEMS work items takes one segment of ITEMS / team results, each by a team of items
// whose states meet in a tree. With `side_by_side` the results are neighbouring columns, and so are
// the items that load them; without, a team loads neighbouring rows of one element each.
#define PLACE                                                                                   \
  const int item = get_local_id(0);                                                             \
  const INDEX group = get_group_id(0);                                                          \
  const INDEX s = group % segments;                                                             \
  const int lane = side_by_side ? item / RESULTS : item % team;                                 \
  const int next = side_by_side ? RESULTS : 1;                                                  \
  const INDEX whole = group / segments;                                                         \
  const INDEX o = side_by_side ? whole / blocks : whole * RESULTS + item / team;                \
  const INDEX n = side_by_side ? whole % blocks * RESULTS + item % RESULTS : 0;                 \
  const bool exists = o < outer && n < inner;                                                   \
  const INDEX c_end = exists ? min(count, (s + 1) * segment) : 0;                               \
  INDEX c = s * segment + lane;                                                                 \
  const INDEX origin = o * count * inner + n;                                                   \
  const INDEX at = (o * segments + s) * inner + n;                                              \
  const INDEX plane = outer * segments * inner;

__attribute__((reqd_work_group_size(ITEMS, 1, 1)))
kernel void moments(
    global const TYPE *x, const long x_start, global TYPE *result, const long result_start, SIZES,
    const TYPE factor) {
  local TYPE numbers[ITEMS], means[ITEMS], all_squares[ITEMS];
  x += x_start;
  result += result_start;
  PLACE
  const TYPE pivot = exists ? x[origin] : 0;
  TYPE number = 0, squares = 0, mean = c < c_end ? x[origin + c * inner] - pivot : 0;
  while (c < c_end) {
    TYPE sum = 0, products = 0;
    int taken = 0;
    for (; taken < RUN && c < c_end; taken++, c += team) {
      const TYPE d = x[origin + c * inner] - pivot - mean;
      sum += d;
      products = fma(d, d, products);
    }
    const TYPE d = sum / taken;
    JOIN(number, mean, squares, (TYPE)taken, mean + d, products - sum * d)
    number += taken;
  }
  numbers[item] = number;
  means[item] = mean;
  all_squares[item] = squares;
  for (int width = team / 2; width > 0; width /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < width) {
      const int other = item + width * next;
      JOIN(number, mean, squares, numbers[other], means[other], all_squares[other])
      number += numbers[other];
      numbers[item] = number;
      means[item] = mean;
      all_squares[item] = squares;
    }
  }
  if (lane == 0 && exists) {
    result[at] = segments == 1 ? pivot + mean : mean;
    result[plane + at] = squares * factor;
  }
}

__attribute__((reqd_work_group_size(ITEMS, 1, 1)))
kernel void sums(
    global const TYPE *g, const long g_start, global const TYPE *x, const long x_start,
    global const TYPE *mean, const long mean_start, global TYPE *result, const long result_start,
    SIZES) {
  local TYPE all_sums[ITEMS], all_products[ITEMS];
  g += g_start;
  x += x_start;
  mean += mean_start;
  result += result_start;
  PLACE
  const TYPE pivot = exists ? mean[o * inner + n] : 0;
  TYPE sum = 0, products = 0;
  while (c < c_end) {
    TYPE run_sum = 0, run_products = 0;
    for (int taken = 0; taken < RUN && c < c_end; taken++, c += team) {
      const TYPE f = g[origin + c * inner];
      run_sum += f;
      run_products = fma(f, x[origin + c * inner] - pivot, run_products);
    }
    sum += run_sum;
    products += run_products;
  }
  all_sums[item] = sum;
  all_products[item] = products;
  for (int width = team / 2; width > 0; width /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < width) {
      all_sums[item] += all_sums[item + width * next];
      all_products[item] += all_products[item + width * next];
    }
  }
  if (lane == 0 && exists) {
    result[at] = all_sums[item];
    result[plane + at] = all_products[item];
  }
}

#define MERGE_ITEMS 256
// One work item takes one result.
#define MERGED_RESULTS                                                                          \
  const INDEX o = (INDEX)get_global_id(0) / inner;                                              \
  const INDEX i = (INDEX)get_global_id(0) - o * inner;                                          \
  if (o < outer)

#endif

__attribute__((reqd_work_group_size(MERGE_ITEMS, 1, 1)))
kernel void merge_moments(
    global const TYPE *parts, const long parts_start, global const TYPE *x, const long x_start,
    global TYPE *result, const long result_start, SIZES, const TYPE factor) {
  parts += parts_start;
  x += x_start;
  result += result_start;
  MERGED_RESULTS {
    const INDEX from = o * segments * inner + i;
    TYPE mean = parts[from], squares = parts[outer * segments * inner + from];
    for (INDEX s = 1; s < segments; s++) {
      const INDEX at = from + s * inner;
      const TYPE before = (TYPE)(s * segment);
      const TYPE here = (TYPE)min(segment, count - s * segment);
      JOIN(before, mean, squares, here, parts[at], parts[outer * segments * inner + at])
    }
    result[o * inner + i] = x[o * count * inner + i] + mean;
    result[outer * inner + o * inner + i] = squares * factor;
  }
}

__attribute__((reqd_work_group_size(MERGE_ITEMS, 1, 1)))
kernel void merge_sums(
    global const TYPE *parts, const long parts_start, global TYPE *result,
    const long result_start, SIZES) {
  parts += parts_start;
  result += result_start;
  MERGED_RESULTS {
    const INDEX from = o * segments * inner + i;
    TYPE sum = 0, products = 0;
    for (INDEX s = 0; s < segments; s++) {
      sum += parts[from + s * inner];
      products += parts[outer * segments * inner + from + s * inner];
    }
    result[o * inner + i] = sum;
    result[outer * inner + o * inner + i] = products;
  }
}
