#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "lookup.h"

// Connectionist temporal classification of logarithms of probabilities x [batch, time, classes]:
// the negative logarithm of the probability that the labels, with blanks between and repeats
// merged, come out in the first `input length` steps.
typedef struct {
  bool is_float64;
  lookup_index label, input_length, target_length;
  int64_t batch, time, classes;
  // How many labels a row of [batch, targets] has room for.
  int64_t targets;
  int64_t blank;
  // 0 if there is one upstream number for all.
  int64_t upstream_stride;
} ctc_shape;

typedef struct {
  const void *x, *targets, *input_lengths, *target_lengths, *upstream;
  // What is not wanted is NULL.
  void *losses, *gradient;
} ctc_call;

typedef enum : uint8_t {
  ctc_fine,
  ctc_wrong_label,
  ctc_wrong_input_length,
  ctc_wrong_target_length,
} ctc_fault;

// What is out of range first, and where; a sequence with such a thing counts for nothing.
ctc_fault ctc_run(const ctc_shape *shape, const ctc_call *call, int64_t *position);
