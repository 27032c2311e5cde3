#pragma once
#include <stdint.h>

// The cases of Reduction.Kind, in their order.
typedef enum : uint8_t {
  reduction_sum,
  reduction_product,
  reduction_maximum,
  reduction_minimum,
  reduction_where_maximum,
  reduction_where_minimum,
} reduction_kind;

typedef enum : uint8_t {
  reduction_float32,
  reduction_float64,
  reduction_int32,
  reduction_int64,
  reduction_uint8,
} reduction_type;

enum { reduction_most_kinds = 4 };

// The middle axis of [outer, count, inner], row-major, reduced, once for each kind. One that finds
// where something is stands alone.
typedef struct {
  reduction_kind kinds[reduction_most_kinds];
  int kind_count;
  reduction_type type;
  int64_t outer, count, inner;
} reduction_shape;

typedef struct {
  // What is reduced, or NULL if it is computed a piece at a time: the elements from `start` until
  // `end` are stored from the start of `tile` on.
  const void *input;
  void (*evaluate)(void *context, int64_t start, int64_t end, void *tile);
  void *context;
  // One for each kind.
  void *const *results;
  // reduction_workspace() bytes.
  void *workspace;
} reduction_call;

void reduction_add(reduction_shape *shape, reduction_kind kind);
int64_t reduction_workspace(const reduction_shape *shape);
// Sums of float32 are kept in double. How it is cut, and so each bit, depends on the shape alone.
void reduction_run(const reduction_shape *shape, const reduction_call *call);
