#pragma OPENCL FP_CONTRACT OFF

// Reductions for GPUs; what they compute is said in reduction.cl.
//
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

#define BEGIN(k, kind, neutral) part[k][d] = neutral;
#define TAKE(k, kind, neutral) part[k][d] = COMBINE(kind, part[k][d], value);
#define MEET_PARTS(k, kind, neutral)                                                            \
  states[k][item] = COMBINE(kind, COMBINE(kind, part[k][0], part[k][1]),                        \
                            COMBINE(kind, part[k][2], part[k][3]));
#define MEET(k, kind, neutral)                                                                  \
  states[k][item] = COMBINE(kind, states[k][item], states[k][other]);
#define END(k, kind, neutral) result_##k[at] = STORED(states[k][item]);

__attribute__((reqd_work_group_size(ITEMS, 1, 1)))
kernel void reduce(PARAMETERS) {
  SETUP
#if FINDS
  local STATE states[ITEMS];
  local int places_of[ITEMS];
#else
  local STATE states[KINDS][ITEMS];
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
#if FINDS
  STATE state = NEUTRAL_0;
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
  states[item] = state;
  places_of[item] = place;
#else
  STATE part[KINDS][DEPTH];
  UNROLL
  for (int d = 0; d < DEPTH; d++) { EACH(BEGIN) }
  INDEX c = c_begin;
  for (; c + (DEPTH - 1) * TEAM < c_end; c += DEPTH * TEAM) {
    UNROLL
    for (int d = 0; d < DEPTH; d++) {
      VALUE_AT(origin + (c + d * TEAM) * inner)
      const STATE value = PROGRAM_RESULT;
      EACH(TAKE)
    }
  }
  for (; c < c_end; c += TEAM) {
    const int d = 0;
    VALUE_AT(origin + c * inner)
    const STATE value = PROGRAM_RESULT;
    EACH(TAKE)
  }
  EACH(MEET_PARTS)
#endif
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
      EACH(MEET)
#endif
    }
  }
  if (lane == 0 && exists) {
    const INDEX at = (o * segments + s) * inner + n;
#if FINDS
    STORE(at, states[item], places_of[item]);
#else
    EACH(END)
#endif
  }
}
