#ifndef ELEMENTARY

// Elementary functions on float32: one text that is C and OpenCL C, so that all devices give the
// same bits.
//
// Made of + - * / fma, comparisons, selections and integer operations, and free of branches (but
// for arguments of sine and cosine above 262144), so that loops around them are vectorised.
// After each name stands the greatest error found, in units in the last place (ULP).

#ifdef __OPENCL_C_VERSION__
#pragma OPENCL FP_CONTRACT OFF
#define ELEMENTARY static inline __attribute__((always_inline))
#define ELEMENTARY_TABLE __constant
typedef uint u32;
typedef int i32;
typedef ulong u64;
typedef long i64;
#define elementary_fma fma
#define elementary_rint rint
#define elementary_floor floor
#define elementary_ceil ceil
#define elementary_sqrt sqrt
#define elementary_fmod fmod
#define elementary_fabs fabs
#define elementary_high(a, b) mul_hi(a, b)
#else
#include <stdint.h>
#pragma STDC FP_CONTRACT OFF
#define ELEMENTARY static inline __attribute__((always_inline))
#define ELEMENTARY_TABLE static const
typedef uint32_t u32;
typedef int32_t i32;
typedef uint64_t u64;
typedef int64_t i64;
#define elementary_fma __builtin_elementwise_fma
#define elementary_rint __builtin_elementwise_rint
#define elementary_floor __builtin_elementwise_floor
#define elementary_ceil __builtin_elementwise_ceil
#define elementary_sqrt __builtin_elementwise_sqrt
#define elementary_fmod __builtin_fmodf
#define elementary_fabs __builtin_elementwise_abs
#define elementary_high(a, b) ((u32)(((u64)(a) * (b)) >> 32))
#endif

typedef union {
  float number;
  u32 bits;
} elementary_word;

ELEMENTARY u32 elementary_bits(float x) { return (elementary_word){.number = x}.bits; }

ELEMENTARY float elementary_float(u32 bits) { return (elementary_word){.bits = bits}.number; }

#define ELEMENTARY_INFINITY elementary_float(0x7f800000u)
#define ELEMENTARY_NAN elementary_float(0x7fc00000u)
#define ELEMENTARY_LOG2E 0x1.715476p+0f
#define ELEMENTARY_LN2 0x1.62e430p-1f
// What is missing from ELEMENTARY_LN2.
#define ELEMENTARY_LN2_LOW -0x1.05c610p-29f
// Adding and subtracting it rounds to an integer, which is then in the low bits of the sum.
#define ELEMENTARY_ROUNDER 0x1.8p+23f
#define ELEMENTARY_ROUNDER_BITS 0x4b400000u

// Simple functions.

ELEMENTARY float elementary_copysign(float magnitude, float sign) {
  return elementary_float(
      (elementary_bits(magnitude) & 0x7fffffffu) | (elementary_bits(sign) & 0x80000000u));
}

ELEMENTARY float elementary_minimum(float a, float b) { return a < b || a != a ? a : b; }

ELEMENTARY float elementary_maximum(float a, float b) { return a > b || a != a ? a : b; }

ELEMENTARY float elementary_relu(float x) { return x <= 0.0f ? 0.0f : x; }

ELEMENTARY float elementary_step(float x) { return x > 0.0f ? 1.0f : 0.0f; }

ELEMENTARY float elementary_sign(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x; }

// The remainder of a division rounded towards minus infinity.
ELEMENTARY float elementary_remainder(float a, float b) {
  float r = elementary_fmod(a, b);
  float sum = r + b;
  r = r == 0.0f ? elementary_float(elementary_bits(b) & 0x80000000u) : r;
  return r != 0.0f && (r < 0.0f) != (b < 0.0f) ? sum : r;
}

// Exponential functions. x = n ln 2 + r with |r| <= 0.35; e^r = 1 + r + r^2 P(r).

// e^r - 1
ELEMENTARY float elementary_expm1_reduced(float r) {
  float p = 0x1.6d700ep-10f;
  p = elementary_fma(p, r, 0x1.122416p-7f);
  p = elementary_fma(p, r, 0x1.5554cap-5f);
  p = elementary_fma(p, r, 0x1.5554b6p-3f);
  p = elementary_fma(p, r, 0.5f);
  return elementary_fma(r * r, p, r);
}

// p 2^n for -150 <= n <= 128, rounded once. `n` is what lies above ELEMENTARY_ROUNDER_BITS.
ELEMENTARY float elementary_scale(float p, u32 n) {
  i32 exponent = (i32)(n - ELEMENTARY_ROUNDER_BITS);
  i32 half_exponent = exponent >> 1;
  float first = elementary_float((u32)(half_exponent + 127) << 23);
  float second = elementary_float((u32)(exponent - half_exponent + 127) << 23);
  return p * first * second;
}

ELEMENTARY float elementary_exp(float x) {  // 1.1 ULP
  x = x > 89.0f ? 89.0f : x;
  x = x < -104.0f ? -104.0f : x;
  float t = elementary_fma(x, ELEMENTARY_LOG2E, ELEMENTARY_ROUNDER);
  float n = t - ELEMENTARY_ROUNDER;
  float r = elementary_fma(n, -ELEMENTARY_LN2, x);
  r = elementary_fma(n, -ELEMENTARY_LN2_LOW, r);
  return elementary_scale(1.0f + elementary_expm1_reduced(r), elementary_bits(t));
}

ELEMENTARY float elementary_expm1(float x) {  // 1.6 ULP
  float y = x > 89.0f ? 89.0f : x;
  y = y < -18.0f ? -18.0f : y;
  float t = elementary_fma(y, ELEMENTARY_LOG2E, ELEMENTARY_ROUNDER);
  float n = t - ELEMENTARY_ROUNDER;
  float r = elementary_fma(n, -ELEMENTARY_LN2, y);
  r = elementary_fma(n, -ELEMENTARY_LN2_LOW, r);
  // 2^n (e^r - 1) + (2^n - 1), halved where 2^128 may be needed.
  u32 halved = n > 1.0f ? 1u : 0u;
  u32 exponent = elementary_bits(t) - ELEMENTARY_ROUNDER_BITS + 127u - halved;
  float power = elementary_float(exponent << 23);
  float one = halved != 0u ? 0.5f : 1.0f;
  float result = elementary_fma(power, elementary_expm1_reduced(r), power - one);
  result = halved != 0u ? 2.0f * result : result;
  return x == 0.0f ? x : result;
}

ELEMENTARY float elementary_sigmoid(float x) {  // 2.3 ULP
  // e = exp(-|x|) = 2^-64 (p 2^(n + 64)), rounded once.
  float y = -elementary_fabs(x);
  y = y < -104.0f ? -104.0f : y;
  float t = elementary_fma(y, ELEMENTARY_LOG2E, ELEMENTARY_ROUNDER + 191.0f);
  float n = t - (ELEMENTARY_ROUNDER + 191.0f);
  float r = elementary_fma(n, -ELEMENTARY_LN2, y);
  r = elementary_fma(n, -ELEMENTARY_LN2_LOW, r);
  float power = elementary_float(elementary_bits(t) << 23);
  float e = (1.0f + elementary_expm1_reduced(r)) * power * 0x1p-64f;
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

ELEMENTARY float elementary_tanh(float x) {  // 2.5 ULP
  // With h = (exp(-2|x|) - 1) / 2 it is -h / (1 + h), up to the sign; of the reduced argument half is
  // kept, and the polynomial is that of expm1 for twice as much.
  float y = -elementary_fabs(x);
  y = y < -10.0f ? -10.0f : y;
  float t = elementary_fma(y, 2.0f * ELEMENTARY_LOG2E, ELEMENTARY_ROUNDER + 127.0f);
  float n = t - (ELEMENTARY_ROUNDER + 127.0f);
  float r = elementary_fma(n, -0.5f * ELEMENTARY_LN2, y);
  float p = 0x1.6d700ep-5f;
  p = elementary_fma(p, r, 0x1.122416p-3f);
  p = elementary_fma(p, r, 0x1.5554cap-2f);
  p = elementary_fma(p, r, 0x1.5554b6p-1f);
  p = elementary_fma(p, r, 1.0f);
  p = elementary_fma(r * r, p, r);
  float power = elementary_float(elementary_bits(t) << 23);
  float h = elementary_fma(power, p, elementary_fma(0.5f, power, -0.5f));
  return elementary_copysign(h / (1.0f + h), x);
}

// Logarithms. x = 2^n (1 + f) with -0.25 <= f <= 0.5.

// log(1 + f)
ELEMENTARY float elementary_log1p_reduced(float f) {
  float p = -0x1.718ed6p-5f;
  p = elementary_fma(p, f, 0x1.acce26p-4f);
  p = elementary_fma(p, f, -0x1.0d989cp-3f);
  p = elementary_fma(p, f, 0x1.28841ap-3f);
  p = elementary_fma(p, f, -0x1.54ee38p-3f);
  p = elementary_fma(p, f, 0x1.996978p-3f);
  p = elementary_fma(p, f, -0x1.000046p-2f);
  p = elementary_fma(p, f, 0x1.5555a4p-2f);
  p = elementary_fma(p, f, -0.5f);
  return elementary_fma(f * f, p, f);
}

// 2^23 n of a positive normal number.
ELEMENTARY u32 elementary_exponent(float x) {
  return (elementary_bits(x) - 0x3f400000u) & 0xff800000u;
}

ELEMENTARY float elementary_log(float x) {  // 0.9 ULP
  u32 is_small = x < 0x1p-126f ? 1u : 0u;
  float y = is_small != 0u ? x * 0x1p+23f : x;
  u32 exponent = elementary_exponent(y);
  float f = elementary_float(elementary_bits(y) - exponent) - 1.0f;
  float n = (float)(((i32)exponent >> 23) - (is_small != 0u ? 23 : 0));
  float result = elementary_fma(n, ELEMENTARY_LN2, elementary_log1p_reduced(f));
  result = x == ELEMENTARY_INFINITY ? x : result;
  result = x == 0.0f ? -ELEMENTARY_INFINITY : result;
  return x >= 0.0f ? result : ELEMENTARY_NAN;
}

// log1p of a finite number above -1.
ELEMENTARY float elementary_log1p_finite(float x) {
  // 1 + f = 2^-n (1 + x), without rounding 1 + x.
  u32 exponent = elementary_exponent(1.0f + x);
  float scaled = elementary_float(elementary_bits(x) - exponent);
  float power = elementary_float(0x40800000u - exponent);
  float f = scaled + elementary_fma(0.25f, power, -1.0f);
  float n = (float)((i32)exponent >> 23);
  return elementary_fma(n, ELEMENTARY_LN2, elementary_log1p_reduced(f));
}

ELEMENTARY float elementary_log1p(float x) {  // 1.0 ULP
  float result = elementary_log1p_finite(x);
  result = x == 0.0f || x == ELEMENTARY_INFINITY ? x : result;
  result = x == -1.0f ? -ELEMENTARY_INFINITY : result;
  return x >= -1.0f ? result : ELEMENTARY_NAN;
}

ELEMENTARY float elementary_softplus(float x) {  // 1.7 ULP
  float e = elementary_exp(-elementary_fabs(x));
  return (x <= 0.0f ? 0.0f : x) + elementary_log1p_finite(e);
}

// The error function and its inverse.

ELEMENTARY float elementary_erf(float x) {  // 1.1 ULP
  float y = elementary_fabs(x);
  float z = y * y;
  float p = -0x1.3d52c4p-11f;
  p = elementary_fma(p, z, 0x1.47f3e0p-8f);
  p = elementary_fma(p, z, -0x1.b6a74cp-6f);
  p = elementary_fma(p, z, 0x1.ce1c18p-4f);
  p = elementary_fma(p, z, -0x1.8126eep-2f);
  p = elementary_fma(p, z, 0x1.06eba6p-3f);
  float small = elementary_fma(y, p, y);
  float w = y > 4.0f ? 4.0f : y;
  float q = -0x1.a206d4p-13f;
  q = elementary_fma(q, w, 0x1.9336b2p-9f);
  q = elementary_fma(q, w, -0x1.6e4f10p-6f);
  q = elementary_fma(q, w, 0x1.aace66p-4f);
  q = elementary_fma(q, w, 0x1.4614e8p-1f);
  q = elementary_fma(q, w, 0x1.20bb12p+0f);
  q = elementary_fma(q, w, 0x1.407db0p-13f);
  float large = 1.0f - elementary_exp(-q);
  return elementary_copysign(y > 0.9f ? large : small, x);
}

ELEMENTARY float elementary_erf_inverse(float x) {  // 2.3 ULP
  // Polynomials in w = -log(1 - x^2), after M. Giles, "Approximating the erfinv function".
  float w = -elementary_log(elementary_fma(-x, x, 1.0f));
  float c = w - 2.5f;
  float p = -0x1.1b8f34p-27f;
  p = elementary_fma(p, c, 0x1.e1c11cp-26f);
  p = elementary_fma(p, c, 0x1.ee103ap-22f);
  p = elementary_fma(p, c, -0x1.d8bc32p-19f);
  p = elementary_fma(p, c, -0x1.4bcae2p-18f);
  p = elementary_fma(p, c, 0x1.ca617cp-13f);
  p = elementary_fma(p, c, -0x1.4866fap-10f);
  p = elementary_fma(p, c, -0x1.11c99ap-8f);
  p = elementary_fma(p, c, 0x1.f91e8ap-3f);
  p = elementary_fma(p, c, 0x1.805c5ep+0f);
  float d = elementary_sqrt(w) - 3.0f;
  float q = -0x1.b27a0cp-13f;
  q = elementary_fma(q, d, 0x1.ae0926p-14f);
  q = elementary_fma(q, d, 0x1.6504e2p-10f);
  q = elementary_fma(q, d, -0x1.e1a3c0p-9f);
  q = elementary_fma(q, d, 0x1.77a2dcp-8f);
  q = elementary_fma(q, d, -0x1.f38be0p-8f);
  q = elementary_fma(q, d, 0x1.3559bap-7f);
  q = elementary_fma(q, d, 0x1.006db8p+0f);
  q = elementary_fma(q, d, 0x1.6a9efcp+1f);
  float factor = w > 5.0f ? q : p;
  return x * (elementary_fabs(x) == 1.0f ? ELEMENTARY_INFINITY : factor);
}

// Powers: the exponential of y log x, the logarithm in two parts.

ELEMENTARY float elementary_pow_positive(float x, float y) {
  u32 is_small = x < 0x1p-126f ? 1u : 0u;
  float scaled = is_small != 0u ? x * 0x1p+23f : x;
  u32 exponent = elementary_exponent(scaled);
  float f = elementary_float(elementary_bits(scaled) - exponent) - 1.0f;
  float n = (float)(((i32)exponent >> 23) - (is_small != 0u ? 23 : 0));
  // log(1 + f) = 2 atanh r with r = f / (2 + f)
  float sum = 2.0f + f;
  float sum_low = f - (sum - 2.0f);
  float inverse = 1.0f / sum;
  float r = f * inverse;
  float r_low = inverse * elementary_fma(-r, sum_low, elementary_fma(-r, sum, f));
  // 2 r + r^3 P(r^2), each of the two terms and of their factors with what it was rounded by.
  float s = r * r;
  float s_low = elementary_fma(r, r, -s) + 2.0f * r * r_low;
  float q = 0x1.ee9feep-3f;
  q = elementary_fma(q, s, 0x1.23e042p-2f);
  q = elementary_fma(q, s, 0x1.999c0cp-2f);
  float p = elementary_fma(q, s, 0x1.555554p-1f);
  float p_low = elementary_fma(q, s, 0x1.555554p-1f - p);
  float cube = r * s;
  float cube_low = elementary_fma(r, s, -cube) + elementary_fma(r, s_low, r_low * s);
  float term = cube * p;
  float term_low = elementary_fma(cube, p, -term) + elementary_fma(cube, p_low, cube_low * p);
  float whole = n * 0x1.62e4p-1f;  // exact
  float sum_high = elementary_fma(2.0f, r, whole);
  float low = elementary_fma(2.0f, r, whole - sum_high) + elementary_fma(2.0f, r_low, term_low);
  float high = sum_high + term;
  low = low + (term - (high - sum_high)) + n * 0x1.7f7d1cp-20f;
  float logarithm = high + low;
  low = low - (logarithm - high);
  float product = y * logarithm;
  float product_low = elementary_fma(y, low, elementary_fma(y, logarithm, -product));
  product_low = elementary_fabs(product) <= 200.0f ? product_low : 0.0f;
  product = product > 100.0f ? 100.0f : product;
  product = product < -120.0f ? -120.0f : product;
  float t = elementary_fma(product, ELEMENTARY_LOG2E, ELEMENTARY_ROUNDER);
  float m = t - ELEMENTARY_ROUNDER;
  float rest = elementary_fma(m, -ELEMENTARY_LN2, product);
  rest = elementary_fma(m, -ELEMENTARY_LN2_LOW, rest) + product_low;
  return elementary_scale(1.0f + elementary_expm1_reduced(rest), elementary_bits(t));
}

ELEMENTARY float elementary_pow(float x, float y) {  // 1.2 ULP
  float base = elementary_fabs(x);
  float size = elementary_fabs(y);
  float result = elementary_pow_positive(base, y);
  u32 is_extreme = base == 0.0f || base == ELEMENTARY_INFINITY ? 1u : 0u;
  u32 is_large = (base > 1.0f) == (y > 0.0f) ? 1u : 0u;
  u32 decides = is_extreme != 0u || size == ELEMENTARY_INFINITY ? 1u : 0u;
  result = decides != 0u ? (is_large != 0u ? ELEMENTARY_INFINITY : 0.0f) : result;
  result = base == 1.0f ? 1.0f : result;
  float half_y = 0.5f * size;
  u32 is_integer = elementary_floor(size) == size ? 1u : 0u;
  u32 is_odd = is_integer != 0u && size < 0x1p+24f && elementary_floor(half_y) != half_y ? 1u : 0u;
  u32 sign = is_odd != 0u ? elementary_bits(x) & 0x80000000u : 0u;
  result = elementary_float(elementary_bits(result) | sign);
  result = x < 0.0f && is_extreme == 0u && is_integer == 0u ? ELEMENTARY_NAN : result;
  result = x != x || y != y ? ELEMENTARY_NAN : result;
  return x == 1.0f || y == 0.0f ? 1.0f : result;
}

#endif
