#ifndef ELEMENTARY_NUMBERS
#define ELEMENTARY_NUMBERS

// Half types and random numbers, as C and as OpenCL C. After elementary.h.

// Half types, as the low 16 bits. Rounded to nearest, ties to even; NaN stays NaN.

ELEMENTARY u32 elementary_to_half(float x) {
  u32 sign = elementary_bits(x) >> 16 & 0x8000u;
  u32 bits = elementary_bits(x) & 0x7fffffffu;
  u32 normal = (bits - 0x38000000u + 0xfffu + (bits >> 13 & 1u)) >> 13;
  // Below 2^-14 the leading one is written out and shifted to its place.
  u32 shift = 126u - (bits >> 23);
  shift = shift > 31u ? 31u : shift;
  u32 mantissa = (bits & 0x7fffffu) | 0x800000u;
  u32 half_unit = (1u << shift) >> 1;
  u32 tiny = (mantissa + half_unit - 1u + (mantissa >> shift & 1u)) >> shift;
  u32 result = bits < 0x38800000u ? tiny : normal;
  result = bits >= 0x47800000u ? 0x7c00u : result;
  result = bits > 0x7f800000u ? 0x7e00u : result;
  return sign | result;
}

ELEMENTARY float elementary_from_half(u32 half_bits) {
  u32 sign = (half_bits & 0x8000u) << 16;
  u32 magnitude = (half_bits & 0x7fffu) << 13;
  u32 normal = magnitude + 0x38000000u;
  normal = magnitude >= 0x0f800000u ? magnitude + 0x70000000u : normal;
  u32 tiny = elementary_bits((float)(half_bits & 0x3ffu) * 0x1p-24f);
  return elementary_float(sign | (magnitude < 0x00800000u ? tiny : normal));
}

ELEMENTARY u32 elementary_to_bfloat16(float x) {
  u32 bits = elementary_bits(x);
  u32 rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
  return x != x ? (bits >> 16 & 0x8000u) | 0x7fc0u : rounded;
}

ELEMENTARY float elementary_from_bfloat16(u32 bits) { return elementary_float(bits << 16); }

// Random numbers: Philox4x32-10 of J. Salmon and others, "Parallel random numbers: as easy as 1, 2,
// 3".

#define ELEMENTARY_PHILOX_ROUND(w0, w1, w2, w3, k0, k1)       \
  {                                                           \
    u32 high0 = elementary_high(0xd2511f53u, w0);             \
    u32 high1 = elementary_high(0xcd9e8d57u, w2);             \
    u32 low0 = 0xd2511f53u * w0;                              \
    u32 low1 = 0xcd9e8d57u * w2;                              \
    w0 = high1 ^ w1 ^ k0;                                     \
    w1 = low1;                                                \
    w2 = high0 ^ w3 ^ k1;                                     \
    w3 = low0;                                                \
    k0 += 0x9e3779b9u;                                        \
    k1 += 0xbb67ae85u;                                        \
  }

// Four random words from `counter`, left in w0 to w3.
#define ELEMENTARY_PHILOX(seed, counter, w0, w1, w2, w3)      \
  u32 w0 = (u32)(counter);                                    \
  u32 w1 = (u32)((counter) >> 32);                            \
  u32 w2 = 0u;                                                \
  u32 w3 = 0u;                                                \
  {                                                           \
    u32 key0 = (u32)(seed);                                   \
    u32 key1 = (u32)((seed) >> 32);                           \
    ELEMENTARY_PHILOX_ROUND(w0, w1, w2, w3, key0, key1)       \
    ELEMENTARY_PHILOX_ROUND(w0, w1, w2, w3, key0, key1)       \
    ELEMENTARY_PHILOX_ROUND(w0, w1, w2, w3, key0, key1)       \
    ELEMENTARY_PHILOX_ROUND(w0, w1, w2, w3, key0, key1)       \
    ELEMENTARY_PHILOX_ROUND(w0, w1, w2, w3, key0, key1)       \
    ELEMENTARY_PHILOX_ROUND(w0, w1, w2, w3, key0, key1)       \
    ELEMENTARY_PHILOX_ROUND(w0, w1, w2, w3, key0, key1)       \
    ELEMENTARY_PHILOX_ROUND(w0, w1, w2, w3, key0, key1)       \
    ELEMENTARY_PHILOX_ROUND(w0, w1, w2, w3, key0, key1)       \
    ELEMENTARY_PHILOX_ROUND(w0, w1, w2, w3, key0, key1)       \
  }

// The random word of element `index`.
ELEMENTARY u32 elementary_random(u64 seed, u64 counter, u64 index) {
  u64 block = counter + (index >> 2);
  ELEMENTARY_PHILOX(seed, block, w0, w1, w2, w3)
  u32 low = (index & 1u) != 0u ? w1 : w0;
  u32 high = (index & 1u) != 0u ? w3 : w2;
  return (index & 2u) != 0u ? high : low;
}

// In [0, 1), a multiple of 2^-24.
ELEMENTARY float elementary_uniform(u32 word) { return (float)(word >> 8) * 0x1p-24f; }

// In (-1, 1), an odd multiple of 2^-24.
ELEMENTARY float elementary_signed_uniform(u32 word) {
  return (float)((i32)(word >> 8 << 1 | 1u) - 0x1000000) * 0x1p-24f;
}

#endif
