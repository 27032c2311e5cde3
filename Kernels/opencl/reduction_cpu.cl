#pragma OPENCL FP_CONTRACT OFF

// Reductions for CPUs; what they compute is said in reduction.cl.
//
// One work item takes one segment of `share` outer indices and one of `blocks` blocks of columns. It
// goes through memory in spans of up to LANES elements: a part of a row, or several short rows, each
// lane being reduced for itself at first.
#ifndef LANES
#define LANES 128
#endif
// Spans in a run. The runs of a sum are added pairwise, which keeps its error small.
#define RUN 8
#define LEVELS 24

#if PROGRAM_READS_ROWS
// The program runs over the span row by row before the span is reduced.
#define SPAN(width, begin, BODY)                                                                \
  {                                                                                             \
    STATE values[LANES];                                                                        \
    for (INDEX start = (begin), end = start + (width); start < end;) {                          \
      const INDEX row = start / p_length;                                                       \
      const INDEX base = row * p_length;                                                        \
      const INDEX stop = min(p_length, end - base);                                             \
      PROGRAM_ROW                                                                               \
      VECTORIZE                                                                                 \
      for (INDEX j = start - base; j < stop; j++) {                                             \
        const INDEX i = base + j;                                                               \
        PROGRAM_ELEMENT                                                                         \
        values[i - (begin)] = PROGRAM_RESULT;                                                   \
      }                                                                                         \
      start = base + stop;                                                                      \
    }                                                                                           \
    VECTORIZE                                                                                   \
    for (int l = 0; l < (width); l++) {                                                         \
      const INDEX i = (begin) + l;                                                              \
      const STATE value = values[l];                                                            \
      BODY                                                                                      \
    }                                                                                           \
  }
#else
#define SPAN(width, begin, BODY)                                                                \
  VECTORIZE                                                                                     \
  for (int l = 0; l < (width); l++) {                                                           \
    const INDEX i = (begin) + l;                                                                \
    PROGRAM_ELEMENT                                                                             \
    const STATE value = PROGRAM_RESULT;                                                         \
    BODY                                                                                        \
  }
#endif

#define BEGIN(k, kind, neutral) state[k][l] = neutral;
#define TAKE(k, kind, neutral) state[k][l] = COMBINE(kind, state[k][l], value);
#define BEGIN_RUN(k, kind, neutral) all[k] = neutral;
#define TAKE_IN_RUN(k, kind, neutral) all[k] = COMBINE(kind, all[k], value);
#define END_RUN(k, kind, neutral) state[k][l] = all[k];
#define ADD_LEVEL(k, kind, neutral) state[k][l] = COMBINE(kind, levels[level][k][l], state[k][l]);
#define KEEP_LEVEL(k, kind, neutral) levels[level][k][l] = state[k][l];
#define FOLD(k, kind, neutral)                                                                  \
  state[k][l] = COMBINE(kind, state[k][l], state[k][l + half_of * columns]);
#define END(k, kind, neutral) result_##k[at + l] = STORED(state[k][l]);

__attribute__((reqd_work_group_size(1, 1, 1)))
kernel void reduce(PARAMETERS) {
  SETUP
  const INDEX group = get_group_id(0);
  const INDEX s = group % segments;
  const INDEX n = group / segments % blocks * LANES;
  const INDEX first = group / segments / blocks * share;
  const INDEX c_begin = s * segment;
  const INDEX c_end = min(count, c_begin + segment);
  const int columns = (int)min(inner - n, (INDEX)LANES);
  // Short rows are reduced side by side.
  const int rows = inner <= LANES / 2 ? (int)min(LANES / inner, max(count, (INDEX)1)) : 1;
  const int width = columns * rows;
  for (INDEX o = first; o < min(outer, first + share); o++) {
    const INDEX origin = o * count * inner + n;
#if FINDS
    STATE state[LANES];
    int place[LANES], row_of[LANES];
    for (int l = 0; l < width; l++) {
      state[l] = NEUTRAL_0;
      place[l] = INT_MAX;
      row_of[l] = l / columns;
    }
    for (INDEX c = c_begin; c < c_end; c += rows) {
      const int lanes = (int)min((INDEX)rows, c_end - c) * columns;
      SPAN(lanes, origin + c * inner, {
        const int here = PLACE(i, c + row_of[l]);
        // A lane meets its values in the order of their places.
        const bool wins = BEATS(value, state[l]) || place[l] == INT_MAX;
        state[l] = wins ? value : state[l];
        place[l] = wins ? here : place[l];
      })
    }
    for (int left = rows; left > 1;) {
      const int half_of = (left + 1) / 2;
      for (int l = 0; l < (left - half_of) * columns; l++) {
        const int m = l + half_of * columns;
        if (PRECEDES(state[m], place[m], state[l], place[l])) {
          state[l] = state[m];
          place[l] = place[m];
        }
      }
      left = half_of;
    }
    const INDEX at = (o * segments + s) * inner + n;
    for (int l = 0; l < columns; l++) STORE(at + l, state[l], place[l]);
#else
    STATE state[KINDS][LANES], levels[LEVELS][KINDS][LANES];
    for (int l = 0; l < width; l++) { EACH(BEGIN) }
    int runs = 0;
    for (INDEX c = c_begin; c < c_end;) {
      int r = 0;
#if LANES > 128 && !PROGRAM_READS_ROWS
      // All rows of a run at once, so that a state is loaded and stored once for them. Compiling
      // it takes seconds, which only wide rows are worth.
      if (columns == LANES && c + RUN <= c_end) {
        VECTORIZE
        for (int l = 0; l < LANES; l++) {
          STATE all[KINDS];
          EACH(BEGIN_RUN)
          UNROLL
          for (int row = 0; row < RUN; row++) {
            const INDEX i = origin + (c + row) * inner + l;
            PROGRAM_ELEMENT
            const STATE value = PROGRAM_RESULT;
            EACH(TAKE_IN_RUN)
          }
          EACH(END_RUN)
        }
        c += RUN;
        r = RUN;
      }
#endif
      for (; r < RUN && c < c_end; r++) {
        const int lanes = (int)min((INDEX)rows, c_end - c) * columns;
        if (lanes == LANES)
          SPAN(LANES, origin + c * inner, EACH(TAKE))
        else
          SPAN(lanes, origin + c * inner, EACH(TAKE))
        c += rows;
      }
      if (c >= c_end) break;
      int level = 0;
      for (int bits = runs; bits & 1; bits >>= 1, level++) {
        for (int l = 0; l < width; l++) { EACH(ADD_LEVEL) }
      }
      for (int l = 0; l < width; l++) { EACH(KEEP_LEVEL) EACH(BEGIN) }
      runs++;
    }
    for (int bits = runs, level = 0; bits; bits >>= 1, level++) {
      if (!(bits & 1)) continue;
      for (int l = 0; l < width; l++) { EACH(ADD_LEVEL) }
    }
    for (int left = rows; left > 1;) {
      const int half_of = (left + 1) / 2;
      VECTORIZE
      for (int l = 0; l < (left - half_of) * columns; l++) { EACH(FOLD) }
      left = half_of;
    }
    const INDEX at = (o * segments + s) * inner + n;
    for (int l = 0; l < columns; l++) { EACH(END) }
#endif
  }
}
