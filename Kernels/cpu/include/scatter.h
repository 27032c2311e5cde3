#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "lookup.h"

typedef enum : uint8_t { scatter_sum, scatter_last, scatter_maximum } scatter_kind;

typedef enum : uint8_t {
  scatter_float32,
  scatter_float64,
  scatter_int32,
  scatter_int64,
  scatter_uint8,
} scatter_type;

// Updates [outer, indices, inner] brought together in the rows of [outer, count, inner] that their
// indices name; indices as in `lookup_shape`. `type` says nothing where the last update wins, and
// there are no maxima along.
typedef struct {
  lookup_index index;
  scatter_kind kind;
  scatter_type type;
  bool is_along;
  int32_t element_size;
  int64_t outer, count, inner, indices;
  int64_t lowest;
} scatter_shape;

int64_t scatter_workspace(const scatter_shape *shape);
// result = base, or zeros if it is NULL, and the updates in the order in which they stand; where
// maxima are taken the base is not read and rows without updates are zeros. Returns whether all
// indices were in range.
bool scatter_run(
    const scatter_shape *shape, const void *base, const void *indices, const void *updates,
    void *result, void *workspace);
