#include "elementwise_loops.h"

#include <math.h>

#include "../common/elementary.h"
#include "../common/elementary_float64.h"

CLONES void elementwise_float64(elementwise_operation operation,
                                const elementwise_operands *operands) {
  switch (operation) {
    case elementwise_add: BINARY(double, double, x + y)
    case elementwise_subtract: BINARY(double, double, x - y)
    case elementwise_multiply: BINARY(double, double, x * y)
    case elementwise_divide: BINARY(double, double, x / y)
    case elementwise_minimum: BINARY(double, double, elementary_minimum64(x, y))
    case elementwise_maximum: BINARY(double, double, elementary_maximum64(x, y))
    case elementwise_power: BINARY_SCALAR(double, double, pow(x, y))
    case elementwise_remainder: BINARY_SCALAR(double, double, elementary_remainder64(x, y))
    case elementwise_equal: BINARY(uint8_t, double, x == y)
    case elementwise_not_equal: BINARY(uint8_t, double, x != y)
    case elementwise_less: BINARY(uint8_t, double, x < y)
    case elementwise_less_equal: BINARY(uint8_t, double, x <= y)
    case elementwise_select: SELECT(double)
    case elementwise_negate: UNARY(double, double, -x)
    case elementwise_absolute: UNARY(double, double, elementary_fabs(x))
    case elementwise_sign: UNARY(double, double, elementary_sign64(x))
    case elementwise_floor: UNARY(double, double, elementary_floor(x))
    case elementwise_ceil: UNARY(double, double, elementary_ceil(x))
    case elementwise_round: UNARY(double, double, elementary_rint(x))
    case elementwise_square_root: UNARY(double, double, elementary_sqrt(x))
    case elementwise_reciprocal_square_root: UNARY(double, double, 1.0 / elementary_sqrt(x))
    case elementwise_reciprocal: UNARY(double, double, 1.0 / x)
    case elementwise_exp: UNARY_SCALAR(double, double, exp(x))
    case elementwise_expm1: UNARY_SCALAR(double, double, expm1(x))
    case elementwise_log: UNARY_SCALAR(double, double, log(x))
    case elementwise_log1p: UNARY_SCALAR(double, double, log1p(x))
    case elementwise_sin: UNARY_SCALAR(double, double, sin(x))
    case elementwise_cos: UNARY_SCALAR(double, double, cos(x))
    case elementwise_tanh: UNARY_SCALAR(double, double, tanh(x))
    case elementwise_sigmoid: UNARY_SCALAR(double, double, elementary_sigmoid64(x))
    case elementwise_softplus: UNARY_SCALAR(double, double, elementary_softplus64(x))
    case elementwise_erf: UNARY_SCALAR(double, double, erf(x))
    case elementwise_erf_inverse: UNARY_SCALAR(double, double, elementary_erf_inverse64(x))
    case elementwise_relu: UNARY(double, double, elementary_relu64(x))
    case elementwise_step: UNARY(double, double, elementary_step64(x))
    case elementwise_is_nan: UNARY(uint8_t, double, x != x)
    case elementwise_is_finite: UNARY(uint8_t, double, elementary_fabs(x) < (double)INFINITY)
    case elementwise_product_plus: TERNARY(double, x * y + z)
    case elementwise_product_minus: TERNARY(double, x * y - z)
    case elementwise_minus_product: TERNARY(double, z - x * y)
    default: break;
  }
}
