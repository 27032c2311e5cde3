#include "elementwise_loops.h"

#include "../common/elementary.h"
#include "../common/elementary_numbers.h"

// Towards zero, kept in range; NaN is 0.
#define TO_INT32(x)                                \
  ((x) >= 0x1p31f    ? INT32_MAX                   \
   : (x) <= -0x1p31f ? INT32_MIN                   \
   : (x) == (x)      ? (int32_t)(x)                \
                     : 0)
#define TO_INT64(x)                                \
  ((x) >= 0x1p63f    ? INT64_MAX                   \
   : (x) <= -0x1p63f ? INT64_MIN                   \
   : (x) == (x)      ? (int64_t)(x)                \
                     : 0)
#define TO_UINT8(x) ((x) >= 255.0f ? 255 : (x) > 0.0f ? (uint8_t)(int32_t)(x) : 0)

#define FROM_FLOATING(A)                              \
  switch (to) {                                       \
    case element_float32: UNARY(float, A, x)          \
    case element_float64: UNARY(double, A, x)         \
    case element_int32: UNARY(int32_t, A, TO_INT32(x)) \
    case element_int64: UNARY(int64_t, A, TO_INT64(x)) \
    case element_uint8: UNARY(uint8_t, A, TO_UINT8(x)) \
    case element_bool: UNARY(uint8_t, A, x != 0)      \
    default: break;                                   \
  }

#define FROM_INTEGER(A)                          \
  switch (to) {                                  \
    case element_float32: UNARY(float, A, x)     \
    case element_float64: UNARY(double, A, x)    \
    case element_int32: UNARY(int32_t, A, x)     \
    case element_int64: UNARY(int64_t, A, x)     \
    case element_uint8: UNARY(uint8_t, A, x)     \
    case element_bool: UNARY(uint8_t, A, x != 0) \
    default: break;                              \
  }

CLONES void elementwise_convert(element_type from, element_type to,
                                const elementwise_operands *operands) {
  switch (from) {
    case element_float32: FROM_FLOATING(float) break;
    case element_float64: FROM_FLOATING(double) break;
    case element_int32: FROM_INTEGER(int32_t) break;
    case element_int64: FROM_INTEGER(int64_t) break;
    default: FROM_INTEGER(uint8_t) break;
  }
}

CLONES void elementwise_narrowed(element_type type, const elementwise_operands *operands) {
  switch (type) {
    case element_float16: UNARY(float, float, elementary_from_half(elementary_to_half(x)))
    case element_bfloat16: UNARY(float, float, elementary_from_bfloat16(elementary_to_bfloat16(x)))
    default: break;
  }
}

CLONES void elementwise_from_half(element_type type, float *d, const uint16_t *a, int64_t count) {
  if (type == element_float16) {
    for (int64_t i = 0; i < count; i++) d[i] = elementary_from_half(a[i]);
  } else {
    for (int64_t i = 0; i < count; i++) d[i] = elementary_from_bfloat16(a[i]);
  }
}

CLONES void elementwise_to_half(element_type type, uint16_t *d, const float *a, int64_t step_a,
                                int64_t count) {
  const int64_t step = step_a == 0 ? 0 : 1;
  if (type == element_float16) {
    for (int64_t i = 0; i < count; i++) d[i] = (uint16_t)elementary_to_half(a[i * step]);
  } else {
    for (int64_t i = 0; i < count; i++) d[i] = (uint16_t)elementary_to_bfloat16(a[i * step]);
  }
}
