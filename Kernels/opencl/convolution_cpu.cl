#pragma OPENCL FP_CONTRACT OFF

// Convolutions as products, for CPUs: each window is a row of a matrix that is never there as a
// whole. convolution_gather.cl and convolution_panels.cl come before, and matmul.cl before those.
//
// convolution_pack lays the filter out in panels of PANEL_COLUMNS results. convolution_tiles copies
// the patches that the windows of a tile see into local memory, INNER_BLOCK deep, and multiplies
// them by the panels in registers. With FILTER_GRADIENT, patches are the rows of the result and the
// inner axis runs over windows. Every sum is one chain of fma in ascending order that starts at 0.

// What a tile may have at most, and how deep a block of it is: what local memory holds.
#ifndef TILE_ROWS
#define TILE_ROWS 96
#define TILE_COLUMNS 256
#define INNER_BLOCK 256
#endif

// Copies elements k_start to k_end of what the window at (y, x) of the image sees, 0 where that is
// outside of the image. Taps side by side are copied together.
inline void copy_patch(__local VALUE *target, __global const ELEMENT *image, const Gather *g,
                       const int y, const int x, const int k_start, const int k_end) {
  if (k_start >= k_end) return;
  const bool is_joined = g->step_across == 1 && g->channels == g->pitch;
  const int taps = is_joined ? g->taps_across : 1, run = taps * g->channels;
  int number = k_start / run, start = number * run;
  int down = is_joined ? number : number / g->taps_across;
  int across = is_joined ? 0 : number - down * g->taps_across;
  for (; start < k_end; start += run) {
    const int row = y * g->stride_down + down * g->step_down + g->start_down;
    const int column = x * g->stride_across + across * g->step_across + g->start_across;
    const int from = max(k_start - start, 0), to = min(k_end - start, run);
    const bool is_inside = row >= 0 && row < g->rows;
    // The part of the run that is in the image.
    const int low = clamp(clamp(-column, 0, taps) * g->channels, from, to);
    const int high =
        is_inside ? clamp(clamp(g->columns - column, 0, taps) * g->channels, low, to) : low;
    clear(target, low - from);
    copy(target + (low - from),
         image + ((long)row * g->columns + column) * g->pitch + low, high - low);
    clear(target + (high - from), to - high);
    target += to - from;
    across += taps;
    if (across >= g->taps_across) {
      across = 0;
      down++;
    }
  }
}

#ifdef FILTER_GRADIENT
#define LEFT_AT_PANEL(k, i) left[(k)*left_pitch + (i)]
#define RIGHT_AT_PANEL(k) (right + (k)*right_pitch)
#define RIGHT_SPACE __local
#else
#define LEFT_AT_PANEL(k, i) left[(i)*INNER_BLOCK + (k)]
#define RIGHT_AT_PANEL(k) (right + (k)*PANEL_COLUMNS)
#define RIGHT_SPACE __global
#endif

// Adds the product of two panels to a tile of sums.
inline __attribute__((always_inline)) void multiply_panels(
    __local const VALUE *left, const int left_pitch, RIGHT_SPACE const VALUE *right,
    const int right_pitch, const int depth, const bool is_first, __local VALUE *tile,
    const int pitch) {
  VECTOR sums[PANEL_ROWS][VECTORS];
  if (is_first) {
#pragma unroll
    for (int i = 0; i < PANEL_ROWS; i++)
#pragma unroll
      for (int j = 0; j < VECTORS; j++) sums[i][j] = (VECTOR)(0);
  } else {
#pragma unroll
    for (int i = 0; i < PANEL_ROWS; i++)
#pragma unroll
      for (int j = 0; j < VECTORS; j++) sums[i][j] = LOAD_VECTOR(j, tile + i * pitch);
  }
  for (int k = 0; k < depth; k++) {
    VECTOR line[VECTORS];
#pragma unroll
    for (int j = 0; j < VECTORS; j++) line[j] = LOAD_VECTOR(j, RIGHT_AT_PANEL(k));
#pragma unroll
    for (int i = 0; i < PANEL_ROWS; i++)
#pragma unroll
      for (int j = 0; j < VECTORS; j++)
        sums[i][j] = ACCUMULATE((VECTOR)(LEFT_AT_PANEL(k, i)), line[j], sums[i][j]);
  }
#pragma unroll
  for (int i = 0; i < PANEL_ROWS; i++)
#pragma unroll
    for (int j = 0; j < VECTORS; j++) STORE_VECTOR(sums[i][j], j, tile + i * pitch);
}

#ifdef FILTER_GRADIENT

// gradient[tap, channel, result]: group z = (piece, group) of work items sums over the windows of a
// piece. One work item a tile of tile_rows elements of a patch × tile_columns results.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void convolution_tiles(
    PROGRAM_PARAMETERS __global const ELEMENT *restrict image, const long image_start,
    __global const ELEMENT *restrict upstream, const long upstream_start, __global RESULT *result,
    const long result_start, __global VALUE *partial, const long partial_start, const Gather g,
    const int tile_rows, const int tile_columns, const int depth, const int piece_windows,
    const int pieces) {
  __local VALUE left[TILE_ROWS * INNER_BLOCK] __attribute__((aligned(64)));
  __local VALUE right[TILE_COLUMNS * INNER_BLOCK] __attribute__((aligned(64)));
  __local VALUE sums[TILE_ROWS * TILE_COLUMNS] __attribute__((aligned(64)));
  const int group = get_group_id(2) / pieces, piece = get_group_id(2) - group * pieces;
  const int patch = g.taps_down * g.taps_across * g.channels;
  const int top = get_group_id(1) * tile_rows, bottom = min(patch, top + tile_rows);
  const int first = get_group_id(0) * tile_columns, end = min(g.results, first + tile_columns);
  const int height = ROUNDED(bottom - top, PANEL_ROWS), width = ROUNDED(end - first, PANEL_COLUMNS);
  const int windows = g.batch * g.down * g.across;
  const int window_start = piece * piece_windows;
  const int window_end = min(windows, window_start + piece_windows);
  image += image_start + group * g.channels;
  upstream += upstream_start + group * g.results + first;
  if (window_start >= window_end) clear(sums, height * width);
  for (int start = window_start; start < window_end; start += depth) {
    const int count = min(depth, window_end - start);
    int line = start / g.across, x = start - line * g.across;
    int n = line / g.down, y = line - n * g.down;
    for (int k = 0; k < count; k++) {
      copy_patch(left + k * height, image + (long)n * g.rows * g.columns * g.pitch, &g, y, x, top,
                 bottom);
      clear(left + k * height + bottom - top, height - (bottom - top));
      copy(right + k * width, upstream + (long)(start + k) * g.result_pitch, end - first);
      clear(right + k * width + end - first, width - (end - first));
      if (++x == g.across) {
        x = 0;
        if (++y == g.down) {
          y = 0;
          n++;
        }
      }
    }
    for (int column = 0; column < width; column += PANEL_COLUMNS)
      for (int row = 0; row < height; row += PANEL_ROWS)
        multiply_panels(left + row, height, right + column, width, count, start == window_start,
                        sums + row * width + column, width);
  }
  for (int i = top; i < bottom; i++) {
    const int column = group * g.results + first;
    const long place = (long)i * g.result_pitch + column;
    __local const VALUE *line = sums + (i - top) * width;
    if (pieces > 1) {
      __global VALUE *target =
          partial + partial_start + (long)piece * patch * g.result_pitch + place;
      for (int j = 0; j < end - first; j++) target[j] = line[j];
    } else {
      store_line(PROGRAM_ARGUMENTS line, end - first, result + result_start, place, i, column);
    }
  }
}

#else

// One work item a tile of tile_rows windows × tile_columns results of group z.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void convolution_tiles(
    PROGRAM_PARAMETERS __global const ELEMENT *restrict image, const long image_start,
    __global const VALUE *restrict packed, const long packed_start, __global RESULT *result,
    const long result_start, const Gather g, const int tile_rows, const int tile_columns) {
  __local VALUE left[TILE_ROWS * INNER_BLOCK] __attribute__((aligned(64)));
  __local VALUE sums[TILE_ROWS * TILE_COLUMNS] __attribute__((aligned(64)));
  const int group = get_group_id(2), patch = g.taps_down * g.taps_across * g.channels;
  const int windows = g.batch * g.down * g.across;
  const int top = get_group_id(1) * tile_rows, bottom = min(windows, top + tile_rows);
  const int first = get_group_id(0) * tile_columns, end = min(g.results, first + tile_columns);
  const int height = ROUNDED(bottom - top, PANEL_ROWS), width = ROUNDED(end - first, PANEL_COLUMNS);
  const int panels = (g.results + PANEL_COLUMNS - 1) / PANEL_COLUMNS;
  packed += packed_start + (long)(group * panels + first / PANEL_COLUMNS) * patch * PANEL_COLUMNS;
  image += image_start + group * g.channels;
  const int top_line = top / g.across, top_x = top - top_line * g.across;
  const int top_n = top_line / g.down, top_y = top_line - top_n * g.down;
  for (int start = 0; start == 0 || start < patch; start += INNER_BLOCK) {
    const int depth = min(INNER_BLOCK, patch - start);
    int n = top_n, y = top_y, x = top_x;
    for (int i = 0; i < bottom - top; i++) {
      copy_patch(left + i * INNER_BLOCK, image + (long)n * g.rows * g.columns * g.pitch, &g, y, x,
                 start, start + depth);
      if (++x == g.across) {
        x = 0;
        if (++y == g.down) {
          y = 0;
          n++;
        }
      }
    }
    for (int i = bottom - top; i < height; i++) clear(left + i * INNER_BLOCK, depth);
    for (int column = 0; column < width; column += PANEL_COLUMNS)
      for (int row = 0; row < height; row += PANEL_ROWS)
        multiply_panels(left + row * INNER_BLOCK, INNER_BLOCK,
                        packed + (long)column * patch + start * PANEL_COLUMNS, PANEL_COLUMNS, depth,
                        start == 0, sums + row * width + column, width);
  }
  int n = top_n, y = top_y, x = top_x;
  for (int i = 0; i < bottom - top; i++) {
    const int phases = g.phases_down * g.phases_across, each = g.results / phases;
    for (int phase = 0; phase < phases; phase++) {
      const int down = phase / g.phases_across, across = phase - down * g.phases_across;
      const int row = y * g.every_down + g.first_down + down;
      const int position = x * g.every_across + g.first_across + across;
      if (row >= g.result_rows || position >= g.result_columns) continue;
      const long line = ((long)n * g.result_rows + row) * g.result_columns + position;
      // A tile has all phases, or there is one.
      const int column = group * each + first;
      store_line(PROGRAM_ARGUMENTS sums + i * width + phase * each,
                 phases > 1 ? each : end - first, result + result_start,
                 line * g.result_pitch + column, line, column);
    }
    if (++x == g.across) {
      x = 0;
      if (++y == g.down) {
        y = 0;
        n++;
      }
    }
  }
}

#endif
