#include <string.h>

#include "elementwise_loops.h"

#include "../common/elementary.h"
#include "../common/elementary_numbers.h"

typedef float numbers __attribute__((ext_vector_type(16)));

#define FIRST_HALVES(a, b)                                                                     \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define LAST_HALVES(a, b)                                                                      \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

static inline float drawn(int is_signed, u32 word) {
  return is_signed ? elementary_signed_uniform(word) : elementary_uniform(word);
}

// The numbers of the counters from `counter` on, four for each.
CLONES void elementwise_random_groups(int is_signed, float *d, uint64_t seed, uint64_t counter,
                                      int64_t groups) {
  int64_t k = 0;
  for (; k + 16 <= groups; k += 16) {
    numbers columns[4];
    float *column = (float *)columns;
    VECTORISED for (int j = 0; j < 16; j++) {
      ELEMENTARY_PHILOX(seed, counter + (u64)(k + j), w0, w1, w2, w3)
      column[j] = drawn(is_signed, w0);
      column[j + 16] = drawn(is_signed, w1);
      column[j + 32] = drawn(is_signed, w2);
      column[j + 48] = drawn(is_signed, w3);
    }
    // Stores that are four apart would be scattered one by one; this is the transpose.
    const numbers even_low = FIRST_HALVES(columns[0], columns[2]);
    const numbers even_high = LAST_HALVES(columns[0], columns[2]);
    const numbers odd_low = FIRST_HALVES(columns[1], columns[3]);
    const numbers odd_high = LAST_HALVES(columns[1], columns[3]);
    const numbers rows[4] = {
        FIRST_HALVES(even_low, odd_low), LAST_HALVES(even_low, odd_low),
        FIRST_HALVES(even_high, odd_high), LAST_HALVES(even_high, odd_high)};
    memcpy(d + 4 * k, rows, sizeof rows);
  }
  for (; k < groups; k++) {
    ELEMENTARY_PHILOX(seed, counter + (u64)k, w0, w1, w2, w3)
    d[4 * k] = drawn(is_signed, w0);
    d[4 * k + 1] = drawn(is_signed, w1);
    d[4 * k + 2] = drawn(is_signed, w2);
    d[4 * k + 3] = drawn(is_signed, w3);
  }
}

void elementwise_random(int is_signed, float *d, uint64_t seed, uint64_t counter, int64_t start,
                        int64_t count) {
  int64_t i = 0;
  for (; i < count && (start + i) % 4 != 0; i++)
    d[i] = drawn(is_signed, elementary_random(seed, counter, (u64)(start + i)));
  const int64_t groups = (count - i) / 4;
  elementwise_random_groups(is_signed, d + i, seed, counter + (u64)((start + i) / 4), groups);
  for (i += 4 * groups; i < count; i++)
    d[i] = drawn(is_signed, elementary_random(seed, counter, (u64)(start + i)));
}
