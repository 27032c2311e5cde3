// Pooling of elements of type T, a row of results at a time. Included once a type, with NAME(x) its
// name for x, INDEX the integer as wide as T, HAS_GRADIENT whether it has one.

#define BLOCK(x) NAME(x##_wide)
#define LANES (64 / sizeof(T))
#include "pooling_lanes.h"
#undef BLOCK
#undef LANES
#define BLOCK(x) NAME(x##_narrow)
#define LANES (16 / sizeof(T))
#include "pooling_lanes.h"
#undef BLOCK
#undef LANES
#define BLOCK(x) NAME(x##_single)
#define LANES 1
#include "pooling_lanes.h"
#undef BLOCK
#undef LANES

// Runs `kernel` for all channels c: as many at once as there are lanes. The last lanes of some
// channels are computed twice rather than one by one.
#define OVER_CHANNELS(channels, kernel, ...) \
  if (channels >= 64 / (int)sizeof(T)) \
    for (int64_t c = 0, next = 0; next < channels; next += 64 / sizeof(T)) { \
      c = next + 64 / (int)sizeof(T) <= channels ? next : channels - 64 / (int)sizeof(T); \
      NAME(kernel##_wide)(__VA_ARGS__); \
    } \
  else if (channels >= 16 / (int)sizeof(T)) \
    for (int64_t c = 0, next = 0; next < channels; next += 16 / sizeof(T)) { \
      c = next + 16 / (int)sizeof(T) <= channels ? next : channels - 16 / (int)sizeof(T); \
      NAME(kernel##_narrow)(__VA_ARGS__); \
    } \
  else \
    for (int64_t c = 0; c < channels; c++) NAME(kernel##_single)(__VA_ARGS__);

// Asks for what the next row of results sees and this one does not, as far as it is left of the next
// column's window: memory is busy then while results are computed. Not for images that caches hold.
INLINE void NAME(fetch_below)(
    const T *image, int64_t line, int64_t channels, int64_t images, const pooling_span *rows,
    int64_t row_count, const pooling_span *columns, int64_t column_count) {
  if (row_count < 2 || column_count < 2) return;
  if (images * line * (int64_t)sizeof(T) < STREAMED) return;
  const int64_t first = columns[0].first * channels, end = columns[1].first * channels;
  for (int64_t r = rows[0].first + rows[0].count; r < rows[1].first + rows[1].count; r++)
    for (int64_t at = first; at < end; at += 64 / (int64_t)sizeof(T))
      __builtin_prefetch(image + r * line + at);
}

#define FETCH_BELOW(s, image, i, j) \
  NAME(fetch_below)( \
      image, s->input_columns * s->channels, s->channels, s->batch * s->input_rows, s->rows + i, \
      s->output_rows - i, s->columns + j, s->output_columns - j)

CLONES static void NAME(maximum_row)(
    const pooling_shape *s, int64_t row, bool streams, const void *input, void *result, void *winners) {
  const int64_t n = row / s->output_rows;
  const T *image = (const T *)input + n * s->input_rows * s->input_columns * s->channels;
  const int64_t i = row % s->output_rows;
  const pooling_span span = s->rows[i];
  for (int64_t j = 0; j < s->output_columns; j++) {
    FETCH_BELOW(s, image, i, j);
    const int64_t at = (row * s->output_columns + j) * s->channels;
    OVER_CHANNELS(
        s->channels, maximum, streams, s, image + c, span, s->columns[j], result, winners, at + c)
  }
}

#if HAS_GRADIENT
CLONES static void NAME(spread_row)(
    const pooling_shape *s, int64_t row, bool streams, const void *values, const void *winners, void *result) {
  const int64_t n = row / s->input_rows, r = row % s->input_rows;
  const int64_t image = n * s->output_rows * s->output_columns * s->channels;
  const pooling_span span = s->row_owners[r];
  for (int64_t k = 0; k < s->input_columns; k++) {
    T *at = (T *)result + (row * s->input_columns + k) * s->channels;
    OVER_CHANNELS(
        s->channels, spread, streams, s, values, winners, image, r, k, span, s->column_owners[k], c, at + c)
  }
}

CLONES static void NAME(pick_row)(
    const pooling_shape *s, int64_t row, bool streams, const void *input, const void *winners, void *result) {
  const int64_t n = row / s->output_rows;
  const T *image = (const T *)input + n * s->input_rows * s->input_columns * s->channels;
  const int64_t i = row % s->output_rows;
  const pooling_span span = s->rows[i];
  for (int64_t j = 0; j < s->output_columns; j++) {
    FETCH_BELOW(s, image, i, j);
    const int64_t at = (row * s->output_columns + j) * s->channels;
    OVER_CHANNELS(s->channels, pick, streams, s, image + c, winners, span, s->columns[j], result, at + c)
  }
}

CLONES static void NAME(sum_row)(
    const pooling_sum *s, int64_t row, bool streams, const void *input, void *result) {
  const int64_t n = row / s->output_rows;
  const T *image = (const T *)input + n * s->input_rows * s->input_columns * s->channels;
  const int64_t i = row % s->output_rows;
  const pooling_span span = s->rows[i];
  for (int64_t j = 0; j < s->output_columns; j++) {
    FETCH_BELOW(s, image, i, j);
    T *at = (T *)result + (row * s->output_columns + j) * s->channels;
    const int64_t four = 4 * 64 / (int64_t)sizeof(T);
    if (s->channels < four) {
      OVER_CHANNELS(s->channels, sums, 1, streams, s, image + c, span, s->columns[j], at + c)
      continue;
    }
    // The last four vectors overlap those before, if they must.
    for (int64_t next = 0; next < s->channels; next += four) {
      const int64_t c = next + four <= s->channels ? next : s->channels - four;
      NAME(sums_wide)(4, streams, s, image + c, span, s->columns[j], at + c);
    }
  }
}
#endif
#undef OVER_CHANNELS
#undef FETCH_BELOW
