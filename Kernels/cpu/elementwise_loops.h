#pragma once

#include "clones.h"
#include "elementwise.h"

// What one instruction works on, `blocks` times elementwise_block elements. A step is the distance
// in elements from block to block: elementwise_block, or 0 for a number repeated over one block.
// The result may be an operand of the same place.
typedef struct {
  void *d;
  const void *a, *b, *c;
  int64_t step_a, step_b, step_c;
  int64_t blocks;
} elementwise_operands;

void elementwise_float32(elementwise_operation operation, const elementwise_operands *operands);
void elementwise_float64(elementwise_operation operation, const elementwise_operands *operands);
void elementwise_int32(elementwise_operation operation, const elementwise_operands *operands);
void elementwise_int64(elementwise_operation operation, const elementwise_operands *operands);
void elementwise_uint8(elementwise_operation operation, const elementwise_operands *operands);

// Conversion between two different compute types.
void elementwise_convert(element_type from, element_type to, const elementwise_operands *operands);
// Rounds float32 numbers to a half type and back.
void elementwise_narrowed(element_type type, const elementwise_operands *operands);

// Half types in memory to float32 and back.
void elementwise_from_half(element_type type, float *d, const uint16_t *a, int64_t count);
void elementwise_to_half(element_type type, uint16_t *d, const float *a, int64_t step_a,
                         int64_t count);

// Random numbers for the indices from `start` on, in [0, 1) or in (-1, 1).
void elementwise_random(int is_signed, float *d, uint64_t seed, uint64_t counter, int64_t start,
                        int64_t count);

// Loops over the elements of blocks, the inner one of which is vectorised: unrolled first, it would
// not be. D, A, B, C are the types of elements; the body is an expression in x, y and z, or in
// the pointers.
#define VECTORISED                                                                           \
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(16) interleave_count(1)")     \
      _Pragma("clang loop unroll(disable)")

#define BLOCKS(D, A, B, C, PRAGMA, ...)                                                      \
  {                                                                                          \
    D *d = (D *)operands->d;                                                                 \
    const A *a = (const A *)operands->a;                                                     \
    [[maybe_unused]] const B *b = (const B *)operands->b;                                    \
    [[maybe_unused]] const C *c = (const C *)operands->c;                                    \
    for (int64_t block = 0; block < operands->blocks; block++) {                             \
      PRAGMA for (int i = 0; i < elementwise_block; i++) {                                   \
        __VA_ARGS__                                                                          \
      }                                                                                      \
      d += elementwise_block;                                                                \
      a += operands->step_a;                                                                 \
      b += operands->step_b;                                                                 \
      c += operands->step_c;                                                                 \
    }                                                                                        \
    break;                                                                                   \
  }

// One, two or three operands.
#define UNARY(D, A, EXPRESSION) \
  BLOCKS(D, A, A, A, VECTORISED, const A x = a[i]; d[i] = (D)(EXPRESSION);)
#define BINARY(D, A, EXPRESSION) \
  BLOCKS(D, A, A, A, VECTORISED, const A x = a[i]; const A y = b[i]; d[i] = (D)(EXPRESSION);)
#define TERNARY(A, EXPRESSION)   \
  BLOCKS(A, A, A, A, VECTORISED, \
         const A x = a[i]; const A y = b[i]; const A z = c[i]; d[i] = EXPRESSION;)
#define SELECT(A) BLOCKS(A, uint8_t, A, A, VECTORISED, d[i] = a[i] != 0 ? b[i] : c[i];)

// The same for functions that cannot be vectorised.
#define UNARY_SCALAR(D, A, EXPRESSION) \
  BLOCKS(D, A, A, A, , const A x = a[i]; d[i] = (D)(EXPRESSION);)
#define BINARY_SCALAR(D, A, EXPRESSION) \
  BLOCKS(D, A, A, A, , const A x = a[i]; const A y = b[i]; d[i] = (D)(EXPRESSION);)
