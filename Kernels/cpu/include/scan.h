#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef enum : uint8_t { scan_float32, scan_float64, scan_int32, scan_int64, scan_uint8 } scan_type;

// A running sum or product along the middle axis of [outer, count, inner], row-major.
typedef struct {
  scan_type type;
  bool is_product, is_exclusive, is_reversed;
  int64_t outer, count, inner;
} scan_shape;

int64_t scan_workspace(const scan_shape *shape);
// float32 is summed in double. How it is cut, and so each bit, depends on the shape alone.
void scan_run(const scan_shape *shape, const void *input, void *result, void *workspace);

// result[0] = 0, result[i] = terms[i-1] + factors[i-1] · result[i-1] along the axis, from its end
// if the shape is reversed. float32, in double, and float64.
void scan_recurrence(
    const scan_shape *shape, const void *factors, const void *terms, void *result);
