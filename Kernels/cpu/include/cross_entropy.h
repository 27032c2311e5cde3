#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "lookup.h"

// Of each of [rows, classes] logits x, or logarithms of probabilities, with targets q:
// loss = Σ q · (log Σ exp(x) - x), or -Σ q · x, and the gradient of that times an upstream number.
//
// q = weight · ((1 - smoothing) · target + smoothing / classes), weight being that of the class.
typedef struct {
  // Whether targets are numbers a class, or one label a row.
  bool is_dense;
  bool takes_logits, is_float64, has_ignored;
  lookup_index label;
  int64_t rows, classes;
  double smoothing;
  // The label of rows that count for nothing.
  int64_t ignored;
  // 0 if there is one upstream number for all rows.
  int64_t upstream_stride;
} cross_entropy_shape;

typedef struct {
  const void *x, *targets;
  // NULL for ones.
  const void *class_weights;
  const void *upstream;
  // What is not wanted is NULL.
  void *losses, *gradient;
} cross_entropy_call;

// Whether all labels are in range. The others count for nothing.
bool cross_entropy_run(const cross_entropy_shape *shape, const cross_entropy_call *call);
// The row of the first label that is neither ignored nor in range; -1 if there is none.
int64_t cross_entropy_first_fault(const cross_entropy_shape *shape, const void *labels);

// The weight of each row's label, 0 if it is ignored. Whether all labels are in range.
bool cross_entropy_weights(const cross_entropy_shape *shape, const void *labels,
                           const void *class_weights, void *weights);
