#pragma OPENCL FP_CONTRACT OFF

// What programs with generated text begin with.

#ifndef CPU_FLAVOUR
#define CPU_FLAVOUR 1
#endif

// The type that elements are counted in: long where int is not enough.
#ifndef INDEX
#define INDEX int
#endif

// Before a loop over elements, each of which is stored where no other is read: a result may be the
// memory of an input.
#if CPU_FLAVOUR && defined(__clang__)
#define VECTORIZE _Pragma("clang loop vectorize(assume_safety)")
#else
#define VECTORIZE
#endif

// Before a short loop whose arrays belong in registers.
#define UNROLL _Pragma("unroll")

// Integers. Sums and products wrap around; a division by zero leaves 0.

static inline int remainder_int(int a, int b) {
  const int r = b == 0 || b == -1 ? 0 : a % (b == 0 ? 1 : b);
  return r != 0 && (r ^ b) < 0 ? r + b : r;
}

static inline long remainder_long(long a, long b) {
  const long r = b == 0 || b == -1 ? 0 : a % (b == 0 ? 1 : b);
  return r != 0 && (r ^ b) < 0 ? r + b : r;
}

static inline uchar remainder_uchar(uchar a, uchar b) { return b == 0 ? 0 : a % b; }

// Towards zero, to the nearest there is; 0 for NaN.

static inline int float_to_int(float x) {
  const int inside = (int)(fabs(x) < 0x1p+31f ? x : 0.0f);
  return x >= 0x1p+31f ? INT_MAX : x <= -0x1p+31f ? INT_MIN : inside;
}

static inline long float_to_long(float x) {
  const long inside = (long)(fabs(x) < 0x1p+63f ? x : 0.0f);
  return x >= 0x1p+63f ? LONG_MAX : x <= -0x1p+63f ? LONG_MIN : inside;
}

static inline uchar float_to_uchar(float x) {
  return (uchar)(int)(x >= 255.0f ? 255.0f : x > 0.0f ? x : 0.0f);
}

#if HAS_FLOAT64

static inline int double_to_int(double x) {
  return x >= 0x1p+31 ? INT_MAX : x <= -0x1p+31 ? INT_MIN : x == x ? (int)x : 0;
}

static inline long double_to_long(double x) {
  return x >= 0x1p+63 ? LONG_MAX : x <= -0x1p+63 ? LONG_MIN : x == x ? (long)x : 0;
}

static inline uchar double_to_uchar(double x) {
  return (uchar)(int)(x >= 255.0 ? 255.0 : x > 0.0 ? x : 0.0);
}
#endif
