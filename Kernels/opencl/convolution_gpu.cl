#pragma OPENCL FP_CONTRACT OFF

// Convolutions as products, for GPUs: each window is a row of a matrix whose tiles are gathered from
// the image on their way to local memory. convolution_gather.cl comes before, and matmul.cl and
// matmul_gpu.cl, whose tiles these are, before that.
//
// The inner axis runs over taps, row-major, and in each over channels; for the filter's gradient over
// windows, in pieces. Every sum is one chain of fma in ascending order.
//
// IMAGE_ALIGNED: four channels lie at a multiple of four. ALIGNED: four results do.

// A place on the inner axis, or in the filter: tap and channel.
typedef struct {
  int down, across, channel;
} Tap;

inline void advance_tap(Tap *tap, const Gather *g, const int channels) {
  tap->channel += channels;
  while (tap->channel >= g->channels) {
    tap->channel -= g->channels;
    if (++tap->across == g->taps_across) {
      tap->across = 0;
      tap->down++;
    }
  }
}

inline Tap tap_of(const Gather *g, const int k) {
  // Of a product without an inner axis there is no tap.
  const int taps = k / max(1, g->channels), down = taps / max(1, g->taps_across);
  const Tap tap = {down, taps - down * g->taps_across, k - taps * g->channels};
  return tap;
}

typedef struct {
  int image, y, x;
} Place;

inline Place place_of(const Gather *g, const int window) {
  const int line = window / g->across, image = line / g->down;
  const Place place = {image, line - image * g->down, window - line * g->across};
  return place;
}

// The element that a window sees with a tap, 0 outside of the image.
inline VALUE seen(__global const ELEMENT *image, const Gather *g, const Place place,
                  const Tap tap) {
  const int row = place.y * g->stride_down + tap.down * g->step_down + g->start_down;
  const int column = place.x * g->stride_across + tap.across * g->step_across + g->start_across;
  if (row < 0 || row >= g->rows || column < 0 || column >= g->columns || tap.down >= g->taps_down)
    return 0;
  return LOAD(image, ((long)place.image * g->rows * g->columns + row * g->columns + column) *
                             g->pitch + tap.channel);
}

// The element and the next three.
inline FOUR seen_four(__global const ELEMENT *image, const Gather *g, const Place place, Tap tap) {
#ifdef IMAGE_ALIGNED
  const int row = place.y * g->stride_down + tap.down * g->step_down + g->start_down;
  const int column = place.x * g->stride_across + tap.across * g->step_across + g->start_across;
  if (row < 0 || row >= g->rows || column < 0 || column >= g->columns || tap.down >= g->taps_down)
    return (FOUR)(0);
  return *(__global const FOUR *)(image + ((long)place.image * g->rows * g->columns +
                                           row * g->columns + column) * g->pitch + tap.channel);
#else
  FOUR four;
  four.x = seen(image, g, place, tap);
  advance_tap(&tap, g, 1);
  four.y = seen(image, g, place, tap);
  advance_tap(&tap, g, 1);
  four.z = seen(image, g, place, tap);
  advance_tap(&tap, g, 1);
  four.w = seen(image, g, place, tap);
  return four;
#endif
}

#define LOCAL_TILES                                                                    \
  __local VALUE left_tile[2][TILE_INNER * LEFT_PITCH] __attribute__((aligned(32)));    \
  __local VALUE right_tile[2][TILE_INNER * RIGHT_PITCH] __attribute__((aligned(32)));  \
  const int item = get_local_id(0), x = item % ITEMS_ACROSS * 4, y = item / ITEMS_ACROSS * 4;  \
  const int first = (int)get_group_id(1) * TILE_COLUMNS, top = (int)get_group_id(0) * TILE_ROWS; \
  FOUR left_fours[LEFT_FOURS], right_fours[RIGHT_FOURS], sums[ITEM_ROWS][COLUMN_BLOCKS]; \
  for (int i = 0; i < ITEM_ROWS; i++)                                                  \
    for (int j = 0; j < COLUMN_BLOCKS; j++) sums[i][j] = (FOUR)(0);

#define FINISH_SUMS                                                                    \
  VALUE finished[ITEM_ROWS * ITEM_COLUMNS];                                            \
  for (int i = 0; i < ITEM_ROWS; i++)                                                  \
    for (int j = 0; j < COLUMN_BLOCKS; j++)                                            \
      vstore4(sums[i][j], i * COLUMN_BLOCKS + j, finished);

#ifdef FILTER_GRADIENT

// gradient[tap, channel, result], or its pieces: group z = (group, piece) of work items a tile of
// elements of patches × results.
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void convolution_tiles(
    PROGRAM_PARAMETERS __global const ELEMENT *restrict image, const long image_start,
    __global const ELEMENT *restrict upstream, const long upstream_start, __global RESULT *result,
    const long result_start, __global VALUE *partial, const long partial_start, const Gather g,
    const int piece_windows, const int pieces) {
  LOCAL_TILES
  const int group = (int)get_group_id(2) / pieces, piece = (int)get_group_id(2) - group * pieces;
  const int patch = g.taps_down * g.taps_across * g.channels;
  const int start = piece * piece_windows;
  const int end = min(g.batch * g.down * g.across, start + piece_windows);
  image += image_start + group * g.channels;
  upstream += upstream_start + group * g.results;
  // An item loads the same elements of patches of all windows.
  const Tap tap = tap_of(&g, top + item % (TILE_ROWS / 4) * 4);
  Place places[LEFT_FOURS];
#pragma unroll
  for (int u = 0; u < LEFT_FOURS; u++)
    places[u] = place_of(&g, start + (item + u * ITEMS) / (TILE_ROWS / 4));
#define FETCH(k)                                                                                \
  _Pragma("unroll") for (int u = 0; u < LEFT_FOURS; u++) left_fours[u] =                        \
      (k) + (item + u * ITEMS) / (TILE_ROWS / 4) < end ? seen_four(image, &g, places[u], tap)   \
                                                       : (FOUR)(0);                             \
  fetch(right_fours, RIGHT_FOURS, TILE_COLUMNS, upstream, g.result_pitch, k, first, end, g.results);
#define STORE(n)                                                                                \
  store_along(left_tile[n], LEFT_PITCH, left_fours, LEFT_FOURS, TILE_ROWS);                     \
  store_along(right_tile[n], RIGHT_PITCH, right_fours, RIGHT_FOURS, TILE_COLUMNS);
  FETCH(start)
  STORE(0)
  barrier(CLK_LOCAL_MEM_FENCE);
  int now = 0;
  for (int k = start; k < end; k += TILE_INNER) {
    const bool has_more = k + TILE_INNER < end;
    if (has_more) {
#pragma unroll
      for (int u = 0; u < LEFT_FOURS; u++) {
        places[u].x += TILE_INNER;
        while (places[u].x >= g.across) {
          places[u].x -= g.across;
          if (++places[u].y == g.down) {
            places[u].y = 0;
            places[u].image++;
          }
        }
      }
      FETCH(k + TILE_INNER)
    }
    multiply_tiles(sums, left_tile[now], right_tile[now], x, y);
    if (has_more) {
      now ^= 1;
      STORE(now)
      barrier(CLK_LOCAL_MEM_FENCE);
    }
  }
  FINISH_SUMS
#pragma unroll 1
  for (int n = 0; n < ITEM_ROWS * COLUMN_BLOCKS; n++) {
    const int row = ITEM_ROW(n / COLUMN_BLOCKS), column = ITEM_COLUMN(n % COLUMN_BLOCKS);
    if (row >= patch || column >= g.results) continue;
    const int count = min(4, g.results - column);
    const long place = (long)row * g.result_pitch + group * g.results + column;
    if (pieces > 1) {
      __global VALUE *target =
          partial + partial_start + (long)piece * patch * g.result_pitch + place;
      for (int m = 0; m < count; m++) target[m] = finished[n * 4 + m];
    } else {
      store_line(PROGRAM_ARGUMENTS finished + n * 4, count, result + result_start, place, row,
                 group * g.results + column);
    }
  }
}

#else

// Tap `i` of a gather along an axis, as a tap of the filter.
#define FILTER_TAP(axis, i)                                                                     \
  ((g.first_##axis + g.filter_before_##axis -                                                   \
    (g.start_##axis + (i)*g.step_##axis) * g.filter_stride_##axis) / g.filter_dilation_##axis)

// Group z of work items a tile of windows × results of group z.
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void convolution_tiles(
    PROGRAM_PARAMETERS __global const ELEMENT *restrict image, const long image_start,
    __global const ELEMENT *restrict filter, const long filter_start, __global RESULT *result,
    const long result_start, const Gather g) {
  LOCAL_TILES
  const int group = get_group_id(2), patch = g.taps_down * g.taps_across * g.channels;
  const int windows = g.batch * g.down * g.across;
  image += image_start + group * g.channels;
  filter += filter_start;
  // An item loads the same place of the inner axis for all of its windows.
  Tap tap = tap_of(&g, item % (TILE_INNER / 4) * 4);
  Place places[LEFT_FOURS];
#pragma unroll
  for (int u = 0; u < LEFT_FOURS; u++)
    places[u] = place_of(&g, min(top + (item + u * ITEMS) / (TILE_INNER / 4), windows - 1));
#ifdef INPUT_GRADIENT
  const int tap_down = FILTER_TAP(down, 0), tap_across = FILTER_TAP(across, 0);
  const int next_down = FILTER_TAP(down, 1) - tap_down;
  const int next_across = FILTER_TAP(across, 1) - tap_across;
  // [tap, result, all channels]: four channels of a result lie together.
#define FETCH_RIGHT(k)                                                                          \
  _Pragma("unroll") for (int u = 0; u < RIGHT_FOURS; u++) {                                     \
    const int column = first + (item + u * ITEMS) / (TILE_INNER / 4);                           \
    right_fours[u] = (FOUR)(0);                                                                 \
    if (column < g.results) right_fours[u] = FILTER_FOUR(column);                               \
  }
#define FILTER_PLACE(tap, column)                                                               \
  (((long)((tap_down + (tap).down * next_down) * g.filter_across + tap_across +                 \
           (tap).across * next_across) * g.results + (column)) * g.pitch +                      \
   group * g.channels + (tap).channel)
#ifdef IMAGE_ALIGNED
#define FILTER_FOUR(column)                                                                     \
  (tap.down < g.taps_down ? *(__global const FOUR *)(filter + FILTER_PLACE(tap, column))        \
                          : (FOUR)(0))
#else
#define FILTER_ONE(tap, column) \
  ((tap).down < g.taps_down ? LOAD(filter, FILTER_PLACE(tap, column)) : (VALUE)0)
#define FILTER_FOUR(column)                                                                     \
  (FOUR)(FILTER_ONE(tap, column), FILTER_ONE(second, column), FILTER_ONE(third, column),        \
         FILTER_ONE(fourth, column))
#endif
#define STORE_RIGHT(n) store_across(right_tile[n], RIGHT_PITCH, right_fours, RIGHT_FOURS, TILE_INNER)
#else
#define FETCH_RIGHT(k)                                                                          \
  fetch(right_fours, RIGHT_FOURS, TILE_COLUMNS, filter + group * g.results, g.result_pitch, k,  \
        first, patch, g.results);
#define STORE_RIGHT(n) store_along(right_tile[n], RIGHT_PITCH, right_fours, RIGHT_FOURS, TILE_COLUMNS)
#endif
#if defined(INPUT_GRADIENT) && !defined(IMAGE_ALIGNED)
#define FOLLOWING_TAPS                                                                          \
  Tap second = tap;                                                                             \
  advance_tap(&second, &g, 1);                                                                  \
  Tap third = second;                                                                           \
  advance_tap(&third, &g, 1);                                                                   \
  Tap fourth = third;                                                                           \
  advance_tap(&fourth, &g, 1);
#else
#define FOLLOWING_TAPS
#endif
#define FETCH(k)                                                                                \
  {                                                                                             \
    FOLLOWING_TAPS                                                                              \
    _Pragma("unroll") for (int u = 0; u < LEFT_FOURS; u++) left_fours[u] =                      \
        seen_four(image, &g, places[u], tap);                                                   \
    FETCH_RIGHT(k)                                                                              \
  }
#define STORE(n)                                                                                \
  store_across(left_tile[n], LEFT_PITCH, left_fours, LEFT_FOURS, TILE_INNER);                   \
  STORE_RIGHT(n);
  if (patch > 0) {
    FETCH(0)
    STORE(0)
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  int now = 0;
  for (int k = 0; k < patch; k += TILE_INNER) {
    const bool has_more = k + TILE_INNER < patch;
    if (has_more) {
      advance_tap(&tap, &g, TILE_INNER);
      FETCH(k + TILE_INNER)
    }
    multiply_tiles(sums, left_tile[now], right_tile[now], x, y);
    if (has_more) {
      now ^= 1;
      STORE(now)
      barrier(CLK_LOCAL_MEM_FENCE);
    }
  }
  FINISH_SUMS
#pragma unroll 1
  for (int n = 0; n < ITEM_ROWS * COLUMN_BLOCKS; n++) {
    const int row = ITEM_ROW(n / COLUMN_BLOCKS), column = ITEM_COLUMN(n % COLUMN_BLOCKS);
    if (row >= windows || column >= g.results) continue;
    const Place place = place_of(&g, row);
    const long line =
        ((long)place.image * g.result_rows + place.y * g.every_down + g.first_down) *
            g.result_columns + place.x * g.every_across + g.first_across;
    const int channel = group * g.results + column;
    store_line(PROGRAM_ARGUMENTS finished + n * 4, min(4, g.results - column),
               result + result_start, line * g.result_pitch + channel, line, channel);
  }
}

#endif
