#pragma OPENCL FP_CONTRACT OFF

// result[o,n] = value[o,0,n] ∘ value[o,1,n] ∘ …, where value is [outer, count, inner], row-major,
// and computed by a program that is pasted in. Which values meet in which order depends on the
// extents alone, never on the device.
//
// Cut along c into `segments` of `segment` rows, result is [outer, segments, inner], to be reduced
// once more. What is kept while reducing is of the type STATE.

#ifndef PROGRAM_ELEMENT
#define PROGRAM_PARAMETERS global const float *p_in0, const long p_in0_start,
#define PROGRAM_SETUP p_in0 += p_in0_start;
#define PROGRAM_ROW
#define PROGRAM_ELEMENT const float p_v0 = p_in0[i];
#define PROGRAM_RESULT p_v0
#define PROGRAM_READS_ROWS 0
#endif
#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif
#ifndef INDEX
#define INDEX int
#endif
#ifndef VECTORIZE
#define VECTORIZE
#endif
#ifndef UNROLL
#define UNROLL
#endif
#ifndef STATE
#define STATE float
#endif
#ifndef RESULT
#define RESULT float
#define STORED(x) (x)
#endif
#ifndef IS_FLOATING
#define IS_FLOATING 1
#endif
// An integer type that wraps around.
#ifndef WRAPPING
#define WRAPPING uint
#endif
// 0 sum, 1 product, 2 maximum, 3 minimum.
#ifndef KIND
#define KIND 0
#endif
#ifndef NEUTRAL
#define NEUTRAL 0
#endif
// Whether the result is where along c the extreme is.
#ifndef FINDS
#define FINDS 0
#endif
// Whether the values come with their places, and whether the results do.
#ifndef FROM_SEGMENTS
#define FROM_SEGMENTS 0
#endif
#ifndef TO_SEGMENTS
#define TO_SEGMENTS 0
#endif

#if IS_FLOATING
#define IS_NAN(a) ((a) != (a))
#else
#define IS_NAN(a) 0
#endif

#if KIND == 0 && IS_FLOATING
#define COMBINE(a, b) ((a) + (b))
#elif KIND == 0
#define COMBINE(a, b) ((STATE)((WRAPPING)(a) + (WRAPPING)(b)))
#elif KIND == 1 && IS_FLOATING
#define COMBINE(a, b) ((a) * (b))
#elif KIND == 1
#define COMBINE(a, b) ((STATE)((WRAPPING)(a) * (WRAPPING)(b)))
#elif KIND == 2
#define COMBINE(a, b) ((a) > (b) || IS_NAN(a) ? (a) : (b))
#define BEATS(a, b) ((a) > (b) || (IS_NAN(a) && !IS_NAN(b)))
#else
#define COMBINE(a, b) ((a) < (b) || IS_NAN(a) ? (a) : (b))
#define BEATS(a, b) ((a) < (b) || (IS_NAN(a) && !IS_NAN(b)))
#endif

#if FINDS
// Whether `a`, found at `i`, goes before `b`, found at `j`.
#define PRECEDES(a, i, b, j) (BEATS(a, b) || (!BEATS(b, a) && (i) < (j)))
#if FROM_SEGMENTS
#define PLACES_IN global const int *places, const long places_start,
#define PLACE(i, c) places[i]
#else
#define PLACES_IN
#define PLACE(i, c) (int)(c)
#endif
#if TO_SEGMENTS
#define PLACES_OUT global int *found, const long found_start,
#define STORE(at, value, place) (result[at] = STORED(value), found[at] = (place))
#else
#define PLACES_OUT
#define STORE(at, value, place) (result[at] = (place))
#endif
#else
#define PLACES_IN
#define PLACES_OUT
#define STORE(at, value, place) (result[at] = STORED(value))
#endif

#if FINDS && FROM_SEGMENTS
#define PLACES_SETUP places += places_start;
#else
#define PLACES_SETUP
#endif
#if FINDS && TO_SEGMENTS
#define FOUND_SETUP found += found_start;
#else
#define FOUND_SETUP
#endif

#define PARAMETERS                                                                              \
  PROGRAM_PARAMETERS PLACES_IN PLACES_OUT global RESULT *result, const long result_start,       \
      const INDEX outer, const INDEX count, const INDEX inner, const INDEX segment,             \
      const INDEX segments, const INDEX blocks, const INDEX share

#define SETUP PROGRAM_SETUP PLACES_SETUP FOUND_SETUP result += result_start;

#if CPU_FLAVOUR

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
    STATE state[LANES];
    for (int l = 0; l < width; l++) state[l] = NEUTRAL;
#if FINDS
    int place[LANES], row_of[LANES];
    for (int l = 0; l < width; l++) {
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
    STATE levels[LEVELS][LANES];
    int runs = 0;
    for (INDEX c = c_begin; c < c_end;) {
      int r = 0;
#if LANES > 128 && !PROGRAM_READS_ROWS
      // All rows of a run at once, so that a state is loaded and stored once for them. Compiling
      // it takes seconds, which only wide rows are worth.
      if (columns == LANES && c + RUN <= c_end) {
        VECTORIZE
        for (int l = 0; l < LANES; l++) {
          STATE all = NEUTRAL;
          UNROLL
          for (int row = 0; row < RUN; row++) {
            const INDEX i = origin + (c + row) * inner + l;
            PROGRAM_ELEMENT
            all = COMBINE(all, PROGRAM_RESULT);
          }
          state[l] = all;
        }
        c += RUN;
        r = RUN;
      }
#endif
      for (; r < RUN && c < c_end; r++) {
        const int lanes = (int)min((INDEX)rows, c_end - c) * columns;
        if (lanes == LANES)
          SPAN(LANES, origin + c * inner, { state[l] = COMBINE(state[l], value); })
        else
          SPAN(lanes, origin + c * inner, { state[l] = COMBINE(state[l], value); })
        c += rows;
      }
      if (c >= c_end) break;
      int level = 0;
      for (int bits = runs; bits & 1; bits >>= 1, level++) {
        for (int l = 0; l < width; l++) state[l] = COMBINE(levels[level][l], state[l]);
      }
      for (int l = 0; l < width; l++) {
        levels[level][l] = state[l];
        state[l] = NEUTRAL;
      }
      runs++;
    }
    for (int bits = runs, level = 0; bits; bits >>= 1, level++) {
      if (!(bits & 1)) continue;
      for (int l = 0; l < width; l++) state[l] = COMBINE(levels[level][l], state[l]);
    }
    for (int left = rows; left > 1;) {
      const int half_of = (left + 1) / 2;
      VECTORIZE
      for (int l = 0; l < (left - half_of) * columns; l++)
        state[l] = COMBINE(state[l], state[l + half_of * columns]);
      left = half_of;
    }
    const INDEX at = (o * segments + s) * inner + n;
    for (int l = 0; l < columns; l++) STORE(at + l, state[l], 0);
#endif
  }
}

#else

// A group of ITEMS work items takes one segment of ITEMS / TEAM results, each by a team of TEAM
// items, whose states meet in a tree. With SIDE_BY_SIDE the results are neighbouring columns, and so
// are the items that load them; without, a team loads neighbouring rows of one element each.
#ifndef TEAM
#define TEAM 8
#endif
#ifndef SIDE_BY_SIDE
#define SIDE_BY_SIDE 1
#endif
#define ITEMS 256
#define RESULTS (ITEMS / TEAM)
// Values in flight an item.
#define DEPTH 4

#if PROGRAM_READS_ROWS
#define VALUE_AT(place)                                                                         \
  const INDEX i = (place);                                                                      \
  const INDEX row = i / p_length;                                                               \
  const INDEX j = i - row * p_length;                                                           \
  PROGRAM_ROW PROGRAM_ELEMENT
#else
#define VALUE_AT(place)                                                                         \
  const INDEX i = (place);                                                                      \
  PROGRAM_ELEMENT
#endif

__attribute__((reqd_work_group_size(ITEMS, 1, 1)))
kernel void reduce(PARAMETERS) {
  SETUP
  local STATE states[ITEMS];
#if FINDS
  local int places_of[ITEMS];
#endif
  const int item = get_local_id(0);
  const INDEX group = get_group_id(0);
  const INDEX s = group % segments;
#if SIDE_BY_SIDE
  const int lane = item / RESULTS;
  const int next = RESULTS;
  const INDEX o = group / segments / blocks;
  const INDEX n = group / segments % blocks * RESULTS + item % RESULTS;
#else
  const int lane = item % TEAM;
  const int next = 1;
  const INDEX o = group / segments * RESULTS + item / TEAM;
  const INDEX n = 0;
#endif
  const bool exists = o < outer && n < inner;
  const INDEX c_begin = s * segment + lane;
  const INDEX c_end = exists ? min(count, (s + 1) * segment) : 0;
  const INDEX origin = o * count * inner + n;
  STATE state = NEUTRAL;
#if FINDS
  int place = INT_MAX;
  for (INDEX c = c_begin; c < c_end; c += TEAM) {
    VALUE_AT(origin + c * inner)
    const STATE value = PROGRAM_RESULT;
    const int here = PLACE(i, c);
    if (place == INT_MAX || BEATS(value, state)) {
      state = value;
      place = here;
    }
  }
  places_of[item] = place;
#else
  STATE part[DEPTH];
  UNROLL
  for (int d = 0; d < DEPTH; d++) part[d] = NEUTRAL;
  INDEX c = c_begin;
  for (; c + (DEPTH - 1) * TEAM < c_end; c += DEPTH * TEAM) {
    UNROLL
    for (int d = 0; d < DEPTH; d++) {
      VALUE_AT(origin + (c + d * TEAM) * inner)
      part[d] = COMBINE(part[d], PROGRAM_RESULT);
    }
  }
  for (; c < c_end; c += TEAM) {
    VALUE_AT(origin + c * inner)
    part[0] = COMBINE(part[0], PROGRAM_RESULT);
  }
  state = COMBINE(COMBINE(part[0], part[1]), COMBINE(part[2], part[3]));
#endif
  states[item] = state;
  for (int width = TEAM / 2; width > 0; width /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < width) {
      const int other = item + width * next;
#if FINDS
      if (PRECEDES(states[other], places_of[other], states[item], places_of[item])) {
        states[item] = states[other];
        places_of[item] = places_of[other];
      }
#else
      states[item] = COMBINE(states[item], states[other]);
#endif
    }
  }
  if (lane == 0 && exists) {
    const INDEX at = (o * segments + s) * inner + n;
#if FINDS
    STORE(at, states[item], places_of[item]);
#else
    STORE(at, states[item], 0);
#endif
  }
}

#endif
