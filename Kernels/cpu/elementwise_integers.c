#include "elementwise_loops.h"

// The remainder of a division rounded towards minus infinity; 0 where the divisor is 0.
#define REMAINDER(T)                                                   \
  static inline T remainder_##T(T x, T y) {                            \
    if (y == 0 || y == (T)-1) return 0;                                \
    T r = (T)(x % y);                                                  \
    return r != 0 && (r < 0) != (y < 0) ? (T)(r + y) : r;              \
  }

REMAINDER(int32_t)
REMAINDER(int64_t)

static inline uint8_t remainder_uint8_t(uint8_t x, uint8_t y) { return y == 0 ? 0 : x % y; }

// U is the type that wraps without undefined behaviour.
#define INTEGERS(T, U)                                                                    \
  switch (operation) {                                                                    \
    case elementwise_add: BINARY(T, T, (U)x + (U)y)                                       \
    case elementwise_subtract: BINARY(T, T, (U)x - (U)y)                                  \
    case elementwise_multiply: BINARY(T, T, (U)x * (U)y)                                  \
    case elementwise_minimum: BINARY(T, T, x < y ? x : y)                                 \
    case elementwise_maximum: BINARY(T, T, x > y ? x : y)                                 \
    case elementwise_remainder: BINARY_SCALAR(T, T, remainder_##T(x, y))                  \
    case elementwise_equal: BINARY(uint8_t, T, x == y)                                    \
    case elementwise_not_equal: BINARY(uint8_t, T, x != y)                                \
    case elementwise_less: BINARY(uint8_t, T, x < y)                                      \
    case elementwise_less_equal: BINARY(uint8_t, T, x <= y)                               \
    case elementwise_select: SELECT(T)                                                    \
    case elementwise_negate: UNARY(T, T, (U)0 - (U)x)                                     \
    case elementwise_absolute: UNARY(T, T, x < 0 ? (U)0 - (U)x : (U)x)                    \
    case elementwise_sign: UNARY(T, T, (x > 0) - (x < 0))                                 \
    case elementwise_relu: UNARY(T, T, x > 0 ? x : 0)                                     \
    case elementwise_step: UNARY(T, T, x > 0)                                             \
    case elementwise_and: BINARY(T, T, x & y)                                             \
    case elementwise_or: BINARY(T, T, x | y)                                              \
    case elementwise_xor: BINARY(T, T, x ^ y)                                             \
    case elementwise_not: UNARY(T, T, x == 0)                                             \
    default: break;                                                                       \
  }

CLONES void elementwise_int32(elementwise_operation operation,
                              const elementwise_operands *operands) {
  INTEGERS(int32_t, uint32_t)
}

CLONES void elementwise_int64(elementwise_operation operation,
                              const elementwise_operands *operands) {
  INTEGERS(int64_t, uint64_t)
}

// Also of bools, which are 0 or 1.
CLONES void elementwise_uint8(elementwise_operation operation,
                              const elementwise_operands *operands) {
  INTEGERS(uint8_t, uint8_t)
}
