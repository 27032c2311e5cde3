#ifndef ELEMENTARY_ANGLES
#define ELEMENTARY_ANGLES

// Sine and cosine, as C and as OpenCL C. After elementary.h.

// Sine and cosine. |x| = n pi/2 + high + low, |high| <= pi/4.

ELEMENTARY float elementary_sin_reduced(float high, float low) {
  float z = high * high;
  float p = -0x1.991c24p-13f;
  p = elementary_fma(p, z, 0x1.1106c6p-7f);
  p = elementary_fma(p, z, -0x1.555544p-3f);
  return high + elementary_fma(high * z, p, low);
}

ELEMENTARY float elementary_cos_reduced(float high, float low) {
  float z = high * high;
  float p = 0x1.99e42cp-16f;
  p = elementary_fma(p, z, -0x1.6c0c20p-10f);
  p = elementary_fma(p, z, 0x1.55554ap-5f);
  p = elementary_fma(p, z, -0.5f);
  return 1.0f + elementary_fma(p, z, -high * low);
}

// The sine (of the cosine's quadrant the cosine) in quadrant `n`.
ELEMENTARY float elementary_quadrant(u32 n, float high, float low) {
  float s = elementary_sin_reduced(high, low);
  float c = elementary_cos_reduced(high, low);
  float value = (n & 1u) != 0u ? c : s;
  return elementary_float(elementary_bits(value) ^ ((n & 2u) << 30));
}

// sin(y + quadrant pi/2) for y from 0 to 262144: pi/2 in three parts, no rounding of the first two.
ELEMENTARY float elementary_sin_near(float y, u32 quadrant) {
  float t = elementary_fma(y, 0x1.45f306p-1f, ELEMENTARY_ROUNDER);
  float n = t - ELEMENTARY_ROUNDER;
  float product = n * 0x1.921fb6p+0f;
  float error = elementary_fma(n, 0x1.921fb6p+0f, -product);
  float r = y - product;
  float a = r - error;
  float low = (r - a) - error;
  product = n * -0x1.777a5cp-25f;
  error = elementary_fma(n, -0x1.777a5cp-25f, -product);
  float high = a - product;
  float b = high - a;
  low = low + ((a - (high - b)) - (product + b)) - error;
  low = elementary_fma(n, 0x1.ee59dap-50f, low);
  return elementary_quadrant(elementary_bits(t) + quadrant, high, low);
}

ELEMENTARY_TABLE u32 elementary_two_over_pi[] = {
    0x00000000u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u,
    0xfe5163abu};

// The same for larger y, by Payne and Hanek: only those bits of 2/pi that decide are multiplied.
ELEMENTARY float elementary_sin_far(float y, u32 quadrant) {
  u32 position = (elementary_bits(y) >> 23) - 127u - 23u + 30u;
  u32 word = position >> 5;
  u32 shift = position & 31u;
  word = word > 4u ? 4u : word;
  u64 first = (u64)elementary_two_over_pi[word] << 32 | elementary_two_over_pi[word + 1u];
  u64 second = (u64)elementary_two_over_pi[word + 2u] << 32 | elementary_two_over_pi[word + 3u];
  first = first << shift | (second >> 32 << shift) >> 32;
  second = second << shift >> 32;
  u64 mantissa = (elementary_bits(y) & 0x7fffffu) | 0x800000u;
  // The product's fraction in quarters of a turn: two bits of quadrant, 62 below.
  u64 turn = mantissa * first + (mantissa * second >> 32);
  u32 n = (u32)((turn + ((u64)1 << 61)) >> 62);
  i64 rest = (i64)(turn - ((u64)n << 62));
  float top = (float)rest;
  float remains = (float)(rest - (i64)top);
  float high = top * 0x1.921fb6p-62f;
  float low = elementary_fma(top, 0x1.921fb6p-62f, -high);
  low = elementary_fma(top, -0x1.777a5cp-87f, low);
  low = elementary_fma(remains, 0x1.921fb6p-62f, low);
  float result = elementary_quadrant(n + quadrant, high, low);
  return y < ELEMENTARY_INFINITY ? result : ELEMENTARY_NAN;
}

#define ELEMENTARY_NEAR 0x1p+18f

ELEMENTARY float elementary_sin(float x) {  // 1.2 ULP
  float y = elementary_fabs(x);
  float result = y > ELEMENTARY_NEAR ? elementary_sin_far(y, 0u) : elementary_sin_near(y, 0u);
  return elementary_float(elementary_bits(result) ^ (elementary_bits(x) & 0x80000000u));
}

ELEMENTARY float elementary_cos(float x) {  // 1.2 ULP
  float y = elementary_fabs(x);
  return y > ELEMENTARY_NEAR ? elementary_sin_far(y, 1u) : elementary_sin_near(y, 1u);
}

#endif
