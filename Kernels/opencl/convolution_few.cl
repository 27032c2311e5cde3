#pragma OPENCL FP_CONTRACT OFF

// Convolutions of images with few channels, for CPUs. convolution_gather.cl and
// convolution_panels.cl come before, and matmul.cl before those.
//
// The rows of the image that a few lines of windows see are copied into local memory once, padding
// included, PITCH channels a position; patches are read from there. If windows move by steps of one
// (IS_LINEAR), neighbouring ones lie PITCH elements apart across the ends of lines too: all lines are
// one, and what windows across an end compute is dropped.

// Channels of a position, the rest 0, and the distance between windows side by side.
#ifndef PITCH
#define PITCH 16
#define WINDOW_PITCH 16
#define IS_LINEAR 1
#endif
// How much of the image, of the gradient of the result and of sums local memory holds.
#ifndef SLAB
#define SLAB 12288
#endif
// Elements of a patch at once where the filter's gradient is summed.
#define TAP_ROWS 8

// Copies `count` rows of an image from `row` on, with `width` columns from `column` on, and clears
// what is read beyond.
inline void copy_rows(__local VALUE *slab, __global const ELEMENT *image, const Gather *g,
                      const int row, const int count, const int column, const int width,
                      const int beyond) {
  const int low = clamp(-column, 0, width), high = clamp(g->columns - column, low, width);
  for (int r = row; r < row + count; r++) {
    if (r < 0 || r >= g->rows) {
      clear(slab, width * PITCH);
    } else {
      __global const ELEMENT *line = image + ((long)r * g->columns + column) * g->pitch;
      clear(slab, low * PITCH);
      if (g->pitch == PITCH && g->channels == PITCH) {
        copy(slab + low * PITCH, line + low * PITCH, (high - low) * PITCH);
      } else {
        for (int x = low; x < high; x++)
          for (int k = 0; k < PITCH; k++)
            slab[x * PITCH + k] = k < g->channels ? LOAD(line, (long)x * g->pitch + k) : 0;
      }
      clear(slab + high * PITCH, (width - high) * PITCH);
    }
    slab += width * PITCH;
  }
  clear(slab, beyond);
}

// Columns of the image that a line of windows sees.
#define SEEN_ACROSS ((g.across - 1) * g.stride_across + (g.taps_across - 1) * g.step_across + 1)
#define SEEN_DOWN(lines) (((lines)-1) * g.stride_down + (g.taps_down - 1) * g.step_down + 1)
// How many lines are one, and how many windows that has.
#if IS_LINEAR
#define PARTS(lines) 1
#define PART_WINDOWS(lines) ((lines)*width)
#else
#define PARTS(lines) (lines)
#define PART_WINDOWS(lines) g.across
#endif

#ifdef FILTER_GRADIENT

// partial[piece, tap, channel, result] of the lines of windows of a piece, or the gradient if there is
// one piece. One work item a piece of group y. Taps side by side are neighbours.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void convolution_few_filter_gradient(
    PROGRAM_PARAMETERS __global const ELEMENT *restrict image, const long image_start,
    __global const ELEMENT *restrict upstream, const long upstream_start, __global RESULT *result,
    const long result_start, __global VALUE *partial, const long partial_start, const Gather g,
    const int tile_lines, const int piece_lines, const int pieces) {
  __local VALUE slab[SLAB] __attribute__((aligned(64)));
  __local VALUE right[SLAB] __attribute__((aligned(64)));
  __local VALUE sums[SLAB] __attribute__((aligned(64)));
  const int piece = get_group_id(0), group = get_group_id(1);
  const int width = SEEN_ACROSS, columns = ROUNDED(g.results, PANEL_COLUMNS);
  const int height = ROUNDED(g.taps_across * PITCH, TAP_ROWS);
  const int start = piece * piece_lines, end = min(g.batch * g.down, start + piece_lines);
  image += image_start + group * g.channels;
  upstream += upstream_start + group * g.results;
  if (start >= end) clear(sums, g.taps_down * height * columns);
  for (int line = start, count; line < end; line += count) {
    const int n = line / g.down, y = line - n * g.down;
    count = min(min(tile_lines, g.down - y), end - line);
    copy_rows(slab, image + (long)n * g.rows * g.columns * g.pitch, &g,
              y * g.stride_down + g.start_down, SEEN_DOWN(count), g.start_across, width,
              TAP_ROWS + g.taps_across * PITCH);
    const int windows = PART_WINDOWS(count);
    for (int w = 0; w < PARTS(count) * windows; w++) {
      const int down = IS_LINEAR ? w / width : w / g.across;
      const int x = w - down * (IS_LINEAR ? width : g.across);
      const int filled = x < g.across ? g.results : 0;
      copy(right + w * columns, upstream + ((long)(line + down) * g.across + x) * g.result_pitch,
           filled);
      clear(right + w * columns + filled, columns - filled);
    }
    for (int part = 0; part < PARTS(count); part++)
      for (int down = 0; down < g.taps_down; down++)
        for (int row = 0; row < height; row += TAP_ROWS)
          for (int column = 0; column < columns; column += PANEL_COLUMNS) {
            __local const VALUE *left =
                slab + (part * g.stride_down + down * g.step_down) * width * PITCH + row;
            __local const VALUE *factors = right + part * windows * columns + column;
            __local VALUE *tile = sums + (down * height + row) * columns + column;
            VECTOR all[TAP_ROWS][VECTORS];
#pragma unroll
            for (int i = 0; i < TAP_ROWS; i++)
#pragma unroll
              for (int j = 0; j < VECTORS; j++)
                all[i][j] = line == start && part == 0 ? (VECTOR)(0)
                                                       : LOAD_VECTOR(j, tile + i * columns);
            for (int k = 0; k < windows; k++) {
              VECTOR line[VECTORS];
#pragma unroll
              for (int j = 0; j < VECTORS; j++) line[j] = LOAD_VECTOR(j, factors + k * columns);
#pragma unroll
              for (int i = 0; i < TAP_ROWS; i++)
#pragma unroll
                for (int j = 0; j < VECTORS; j++)
                  all[i][j] =
                      ACCUMULATE((VECTOR)(left[k * WINDOW_PITCH + i]), line[j], all[i][j]);
            }
#pragma unroll
            for (int i = 0; i < TAP_ROWS; i++)
#pragma unroll
              for (int j = 0; j < VECTORS; j++) STORE_VECTOR(all[i][j], j, tile + i * columns);
          }
  }
  for (int tap = 0; tap < g.taps_down * g.taps_across; tap++)
    for (int k = 0; k < g.channels; k++) {
      const int down = tap / g.taps_across, across = tap - down * g.taps_across;
      __local const VALUE *from = sums + (down * height + across * PITCH + k) * columns;
      const long row = (long)tap * g.channels + k;
      const long place = row * g.result_pitch + group * g.results;
      if (pieces > 1) {
        __global VALUE *target =
            partial + partial_start +
            (long)piece * g.taps_down * g.taps_across * g.channels * g.result_pitch + place;
        for (int n = 0; n < g.results; n++) target[n] = from[n];
      } else {
        store_line(PROGRAM_ARGUMENTS from, g.results, result + result_start, place, row,
                   group * g.results);
      }
    }
}

#else

// One work item tile_lines lines of the windows of an image, for group y.
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void convolution_few(
    PROGRAM_PARAMETERS __global const ELEMENT *restrict image, const long image_start,
    __global const VALUE *restrict packed, const long packed_start, __global RESULT *result,
    const long result_start, const Gather g, const int tile_lines) {
  __local VALUE slab[SLAB] __attribute__((aligned(64)));
  __local VALUE finished[PANEL_ROWS * PANEL_COLUMNS] __attribute__((aligned(64)));
  const int tiles = (g.down + tile_lines - 1) / tile_lines, group = get_group_id(1);
  const int n = get_group_id(0) / tiles, top = (get_group_id(0) - n * tiles) * tile_lines;
  const int count = min(tile_lines, g.down - top), width = SEEN_ACROSS;
  const int panels = (g.results + PANEL_COLUMNS - 1) / PANEL_COLUMNS;
  // Taps side by side are one run if they are neighbours.
  const int runs = g.step_across == 1 ? 1 : g.taps_across;
  const int run = (g.step_across == 1 ? g.taps_across : 1) * PITCH;
  copy_rows(slab, image + image_start + (long)n * g.rows * g.columns * g.pitch + group * g.channels,
            &g, top * g.stride_down + g.start_down, SEEN_DOWN(count), g.start_across, width,
            PANEL_ROWS * WINDOW_PITCH + (IS_LINEAR ? width * PITCH : 0));
  const int windows = PART_WINDOWS(count);
  for (int panel = 0; panel < panels; panel++) {
    __global const VALUE *factors =
        packed + packed_start +
        (long)(group * panels + panel) * g.taps_down * runs * run * PANEL_COLUMNS;
    const int column = group * g.results + panel * PANEL_COLUMNS;
    const int filled = min(PANEL_COLUMNS, g.results - panel * PANEL_COLUMNS);
    for (int part = 0; part < PARTS(count); part++) {
      int x = 0, y = top + part;
      long line = ((long)n * g.result_rows + y * g.every_down + g.first_down) * g.result_columns +
                  g.first_across;
      for (int w = 0; w < windows; w += PANEL_ROWS) {
        VECTOR sums[PANEL_ROWS][VECTORS];
#pragma unroll
        for (int i = 0; i < PANEL_ROWS; i++)
#pragma unroll
          for (int j = 0; j < VECTORS; j++) sums[i][j] = (VECTOR)(0);
        __global const VALUE *right = factors;
        for (int r = 0; r < g.taps_down * runs; r++) {
          const int down = r / runs, across = r - down * runs;
          __local const VALUE *left = slab + w * WINDOW_PITCH +
                                      ((part * g.stride_down + down * g.step_down) * width +
                                       across * g.step_across) * PITCH;
          for (int k = 0; k < run; k++) {
            VECTOR line[VECTORS];
#pragma unroll
            for (int j = 0; j < VECTORS; j++) line[j] = LOAD_VECTOR(j, right);
#pragma unroll
            for (int i = 0; i < PANEL_ROWS; i++)
#pragma unroll
              for (int j = 0; j < VECTORS; j++)
                sums[i][j] = ACCUMULATE((VECTOR)(left[i * WINDOW_PITCH + k]), line[j], sums[i][j]);
            right += PANEL_COLUMNS;
          }
        }
#pragma unroll
        for (int i = 0; i < PANEL_ROWS; i++)
#pragma unroll
          for (int j = 0; j < VECTORS; j++) STORE_VECTOR(sums[i][j], i * VECTORS + j, finished);
        const int last = min(PANEL_ROWS, windows - w);
        for (int i = 0; i < last; i++) {
          if (x < g.across)
            store_line(PROGRAM_ARGUMENTS finished + i * PANEL_COLUMNS, filled,
                       result + result_start, line * g.result_pitch + column, line, column);
          line += g.every_across;
          if (++x == width && IS_LINEAR) {
            x = 0;
            y++;
            line = ((long)n * g.result_rows + y * g.every_down + g.first_down) * g.result_columns +
                   g.first_across;
          }
        }
      }
    }
  }
}

#endif
