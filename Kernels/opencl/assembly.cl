#pragma OPENCL FP_CONTRACT OFF

// Moves elements of one size between strided places. Indices have up to 8 axes, outermost first, the
// last of `rank` axes being innermost; extents and strides count elements.

#ifndef TYPE
#define TYPE uint
#endif
#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif
#if CPU_FLAVOUR && defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT
#endif

#define ITEMS 256
#define TILE 32

#if CPU_FLAVOUR
#define GROUP __attribute__((reqd_work_group_size(1, 1, 1)))
#else
#define GROUP __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
#endif

// Where index `number` of the first `axes` axes lies, counted row-major.
static inline long2 place(
    long number, int axes, const private long *extents, const private long *from,
    const private long *to) {
  long2 at = (long2)(0, 0);
  for (int axis = axes - 1; axis >= 0; axis--) {
    const long rest = number / extents[axis];
    const long index = number - rest * extents[axis];
    at += (long2)(index * from[axis], index * to[axis]);
    number = rest;
  }
  return at;
}

// result[i] = value. A group takes `chunk` elements.
GROUP kernel void fill(
    global TYPE *result, const long result_start, const ulong value, const long count,
    const long chunk) {
  result += result_start;
  const long begin = get_group_id(0) * chunk;
  const long end = min(count, begin + chunk);
#if CPU_FLAVOUR
  INDEPENDENT
  for (long i = begin; i < end; i++) result[i] = (TYPE)value;
#else
  for (long i = begin + get_local_id(0); i < end; i += ITEMS) result[i] = (TYPE)value;
#endif
}

// result[index · to] = source[index · from]. A group takes `chunk` indices, counted row-major.
GROUP kernel void copy(
    global const TYPE *source, const long source_start, global TYPE *result,
    const long result_start, const int rank, const long8 extent, const long8 from_strides,
    const long8 to_strides, const long count, const long chunk) {
  source += source_start;
  result += result_start;
  long extents[8], from[8], to[8];
  vstore8(extent, 0, extents);
  vstore8(from_strides, 0, from);
  vstore8(to_strides, 0, to);
  const long begin = get_group_id(0) * chunk;
  const long end = min(count, begin + chunk);
#if CPU_FLAVOUR
  const long length = extents[rank - 1];
  const long in = from[rank - 1];
  const long out = to[rank - 1];
  for (long start = begin; start < end;) {
    const long row = start / length;
    const long first = start - row * length;
    const long stop = min(length, first + (end - start));
    const long2 at = place(row, rank - 1, extents, from, to);
    global const TYPE *s = source + at.x;
    global TYPE *r = result + at.y;
    if (in == 1 && out == 1) {
      INDEPENDENT
      for (long j = first; j < stop; j++) r[j] = s[j];
    } else if (out == 1) {
      INDEPENDENT
      for (long j = first; j < stop; j++) r[j] = s[j * in];
    } else {
      for (long j = first; j < stop; j++) r[j * out] = s[j * in];
    }
    start += stop - first;
  }
#else
  for (long i = begin + get_local_id(0); i < end; i += ITEMS) {
    const long2 at = place(i, rank, extents, from, to);
    result[at.y] = source[at.x];
  }
#endif
}

// The same where elements that are neighbours in `source` are neighbours along the last axis but one,
// those in `result` along the last. A group takes a tile of both axes, so that lines of memory are
// read and written whole.
GROUP kernel void transpose(
    global const TYPE *source, const long source_start, global TYPE *result,
    const long result_start, const int rank, const long8 extent, const long8 from_strides,
    const long8 to_strides) {
  source += source_start;
  result += result_start;
  long extents[8], from[8], to[8];
  vstore8(extent, 0, extents);
  vstore8(from_strides, 0, from);
  vstore8(to_strides, 0, to);
  const long columns = extents[rank - 1];
  const long rows = extents[rank - 2];
  const long across = (columns + TILE - 1) / TILE;
  const long down = (rows + TILE - 1) / TILE;
  const long tile = get_group_id(0);
  const long x = tile % across * TILE;
  const long y = tile / across % down * TILE;
  const long2 at = place(tile / across / down, rank - 2, extents, from, to);
  // One step right in the result is `in` in the source, one step down is 1 there and `out` here.
  const long in = from[rank - 1];
  const long out = to[rank - 2];
  source += at.x + x * in + y;
  result += at.y + y * out + x;
  const int width = (int)min((long)TILE, columns - x);
  const int height = (int)min((long)TILE, rows - y);
#if CPU_FLAVOUR
  TYPE lines[TILE][TILE];
  for (int i = 0; i < width; i++) {
    INDEPENDENT
    for (int j = 0; j < height; j++) lines[j][i] = source[i * in + j];
  }
  for (int j = 0; j < height; j++) {
    INDEPENDENT
    for (int i = 0; i < width; i++) result[j * out + i] = lines[j][i];
  }
#else
  // One more in a line, so that a column of it is spread over the banks of local memory.
  local TYPE lines[TILE][TILE + 1];
  const int i = get_local_id(0) % TILE;
  for (int j = get_local_id(0) / TILE; j < TILE; j += ITEMS / TILE)
    if (j < width && i < height) lines[j][i] = source[j * in + i];
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int j = get_local_id(0) / TILE; j < TILE; j += ITEMS / TILE)
    if (j < height && i < width) result[j * out + i] = lines[i][j];
#endif
}
