#include "elementwise_loops.h"

#include "../common/elementary.h"
#include "../common/elementary_angles.h"

// Whether sine and cosine can be computed by the loop that is vectorised.
ELEMENTARY int all_near(const elementwise_operands *operands) {
  const float *a = operands->a;
  int far = 0;
  for (int64_t block = 0; block < operands->blocks; block++, a += operands->step_a)
    for (int i = 0; i < elementwise_block; i++) far |= elementary_fabs(a[i]) > ELEMENTARY_NEAR;
  return !far;
}

CLONES void elementwise_float32(elementwise_operation operation,
                                const elementwise_operands *operands) {
  switch (operation) {
    case elementwise_add: BINARY(float, float, x + y)
    case elementwise_subtract: BINARY(float, float, x - y)
    case elementwise_multiply: BINARY(float, float, x * y)
    case elementwise_divide: BINARY(float, float, x / y)
    case elementwise_minimum: BINARY(float, float, elementary_minimum(x, y))
    case elementwise_maximum: BINARY(float, float, elementary_maximum(x, y))
    case elementwise_power: BINARY(float, float, elementary_pow(x, y))
    case elementwise_remainder: BINARY_SCALAR(float, float, elementary_remainder(x, y))
    case elementwise_equal: BINARY(uint8_t, float, x == y)
    case elementwise_not_equal: BINARY(uint8_t, float, x != y)
    case elementwise_less: BINARY(uint8_t, float, x < y)
    case elementwise_less_equal: BINARY(uint8_t, float, x <= y)
    case elementwise_select: SELECT(float)
    case elementwise_negate: UNARY(float, float, -x)
    case elementwise_absolute: UNARY(float, float, elementary_fabs(x))
    case elementwise_sign: UNARY(float, float, elementary_sign(x))
    case elementwise_floor: UNARY(float, float, elementary_floor(x))
    case elementwise_ceil: UNARY(float, float, elementary_ceil(x))
    case elementwise_round: UNARY(float, float, elementary_rint(x))
    case elementwise_square_root: UNARY(float, float, elementary_sqrt(x))
    case elementwise_reciprocal_square_root: UNARY(float, float, 1.0f / elementary_sqrt(x))
    case elementwise_reciprocal: UNARY(float, float, 1.0f / x)
    case elementwise_exp: UNARY(float, float, elementary_exp(x))
    case elementwise_expm1: UNARY(float, float, elementary_expm1(x))
    case elementwise_log: UNARY(float, float, elementary_log(x))
    case elementwise_log1p: UNARY(float, float, elementary_log1p(x))
    case elementwise_sin:
      if (!all_near(operands)) UNARY_SCALAR(float, float, elementary_sin(x))
      UNARY(float, float,
            elementary_float(elementary_bits(elementary_sin_near(elementary_fabs(x), 0)) ^
                             (elementary_bits(x) & 0x80000000u)))
    case elementwise_cos:
      if (!all_near(operands)) UNARY_SCALAR(float, float, elementary_cos(x))
      UNARY(float, float, elementary_sin_near(elementary_fabs(x), 1))
    case elementwise_tanh: UNARY(float, float, elementary_tanh(x))
    case elementwise_sigmoid: UNARY(float, float, elementary_sigmoid(x))
    case elementwise_softplus: UNARY(float, float, elementary_softplus(x))
    case elementwise_erf: UNARY(float, float, elementary_erf(x))
    case elementwise_erf_inverse: UNARY(float, float, elementary_erf_inverse(x))
    case elementwise_relu: UNARY(float, float, elementary_relu(x))
    case elementwise_step: UNARY(float, float, elementary_step(x))
    case elementwise_is_nan: UNARY(uint8_t, float, x != x)
    case elementwise_is_finite: UNARY(uint8_t, float, elementary_fabs(x) < ELEMENTARY_INFINITY)
    case elementwise_product_plus: TERNARY(float, x * y + z)
    case elementwise_product_minus: TERNARY(float, x * y - z)
    case elementwise_minus_product: TERNARY(float, z - x * y)
    default: break;
  }
}
