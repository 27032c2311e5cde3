#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef enum : uint8_t { sparse_float32, sparse_float64 } sparse_type;

// A matrix of `rows` × `columns` with `count` elements stored row by row, times a dense one of
// `columns` × `width`.
typedef struct {
  sparse_type type;
  int64_t rows, columns, count, width;
} sparse_shape;

// result[r] = Σ values[k] · dense[places[k]] over offsets[r] ≤ k < offsets[r + 1]. Returns whether
// all places were in range; others add nothing.
bool sparse_run(
    const sparse_shape *shape, const int32_t *offsets, const int32_t *places, const void *values,
    const void *dense, void *result);
