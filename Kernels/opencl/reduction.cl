#pragma OPENCL FP_CONTRACT OFF

// result[o,n] = value[o,0,n] ∘ value[o,1,n] ∘ …, where value is [outer, count, inner], row-major,
// and computed by a program that is pasted in, with a result for each of up to four kinds of ∘.
// Which values meet in which order depends on the extents alone, never on the device.
//
// Cut along c into `segments` of `segment` rows, results are [outer, segments, inner], to be reduced
// once more. What is kept while reducing is of the type STATE.

#ifndef PROGRAM_ELEMENT
#define PROGRAM_PARAMETERS global const float *p_in0, const long p_in0_start,
#define PROGRAM_SETUP p_in0 += p_in0_start;
#define PROGRAM_ROW
#define PROGRAM_ELEMENT const float p_v0 = p_in0[i];
#define PROGRAM_RESULT p_v0
#define PROGRAM_READS_ROWS 0
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
// 0 sum, 1 product, 2 maximum, 3 minimum, and what changes no other value.
#ifndef KINDS
#define KINDS 1
#define KIND_0 0
#define NEUTRAL_0 0
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

// DO(k, kind, neutral) for each result k.
#define EACH_1(DO) DO(0, KIND_0, NEUTRAL_0)
#define EACH_2(DO) EACH_1(DO) DO(1, KIND_1, NEUTRAL_1)
#define EACH_3(DO) EACH_2(DO) DO(2, KIND_2, NEUTRAL_2)
#define EACH_4(DO) EACH_3(DO) DO(3, KIND_3, NEUTRAL_3)
#define EACH_OF(count, DO) EACH_##count(DO)
#define EACH_EXPANDED(count, DO) EACH_OF(count, DO)
#define EACH(DO) EACH_EXPANDED(KINDS, DO)

#if IS_FLOATING
#define SUM(a, b) ((a) + (b))
#define PRODUCT(a, b) ((a) * (b))
#else
#define SUM(a, b) ((STATE)((WRAPPING)(a) + (WRAPPING)(b)))
#define PRODUCT(a, b) ((STATE)((WRAPPING)(a) * (WRAPPING)(b)))
#endif
#define COMBINE(kind, a, b)                                                                     \
  ((kind) == 0   ? SUM(a, b)                                                                    \
   : (kind) == 1 ? PRODUCT(a, b)                                                                \
   : (kind) == 2 ? ((a) > (b) || IS_NAN(a) ? (a) : (b))                                         \
                 : ((a) < (b) || IS_NAN(a) ? (a) : (b)))

#if FINDS
#define BEATS(a, b) ((KIND_0 == 2 ? (a) > (b) : (a) < (b)) || (IS_NAN(a) && !IS_NAN(b)))
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
#define STORE(at, value, place) (result_0[at] = STORED(value), found[at] = (place))
#else
#define PLACES_OUT
#define STORE(at, value, place) (result_0[at] = (place))
#endif
#else
#define PLACES_IN
#define PLACES_OUT
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

#define RESULT_PARAMETER(k, kind, neutral)                                                      \
  global RESULT *result_##k, const long result_##k##_start,
#define PARAMETERS                                                                              \
  PROGRAM_PARAMETERS PLACES_IN PLACES_OUT EACH(RESULT_PARAMETER) const INDEX outer,             \
      const INDEX count, const INDEX inner, const INDEX segment, const INDEX segments,          \
      const INDEX blocks, const INDEX share

#define RESULT_SETUP(k, kind, neutral) result_##k += result_##k##_start;
#define SETUP PROGRAM_SETUP PLACES_SETUP FOUND_SETUP EACH(RESULT_SETUP)
