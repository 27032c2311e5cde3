#ifndef ELEMENTARY_FLOAT64
#define ELEMENTARY_FLOAT64

// What float64 needs beyond the mathematical library, as C and as OpenCL C. After elementary.h.

ELEMENTARY double elementary_minimum64(double a, double b) { return a < b || a != a ? a : b; }

ELEMENTARY double elementary_maximum64(double a, double b) { return a > b || a != a ? a : b; }

ELEMENTARY double elementary_relu64(double x) { return x <= 0.0 ? 0.0 : x; }

ELEMENTARY double elementary_step64(double x) { return x > 0.0 ? 1.0 : 0.0; }

ELEMENTARY double elementary_sign64(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x; }

ELEMENTARY double elementary_remainder64(double a, double b) {
  double r = fmod(a, b);
  if (r == 0.0) return copysign(0.0, b);
  return (r < 0.0) != (b < 0.0) ? r + b : r;
}

ELEMENTARY double elementary_sigmoid64(double x) {
  double e = exp(-fabs(x));
  return (x < 0.0 ? e : 1.0) / (1.0 + e);
}

ELEMENTARY double elementary_softplus64(double x) {
  return (x <= 0.0 ? 0.0 : x) + log1p(exp(-fabs(x)));
}

// Giles' approximation, then two steps of Newton's method.
ELEMENTARY double elementary_erf_inverse64(double y) {
  double size = fabs(y);
  if (!(size < 1.0)) return size == 1.0 ? y * INFINITY : NAN;
  double w = -log((1.0 - size) * (1.0 + size));
  double p;
  if (w < 5.0) {
    double c = w - 2.5;
    p = 2.81022636e-08;
    p = 3.43273939e-07 + p * c;
    p = -3.5233877e-06 + p * c;
    p = -4.39150654e-06 + p * c;
    p = 0.00021858087 + p * c;
    p = -0.00125372503 + p * c;
    p = -0.00417768164 + p * c;
    p = 0.246640727 + p * c;
    p = 1.50140941 + p * c;
  } else {
    double c = sqrt(w) - 3.0;
    p = -0.000200214257;
    p = 0.000100950558 + p * c;
    p = 0.00134934322 + p * c;
    p = -0.00367342844 + p * c;
    p = 0.00573950773 + p * c;
    p = -0.0076224613 + p * c;
    p = 0.00943887047 + p * c;
    p = 1.00167406 + p * c;
    p = 2.83297682 + p * c;
  }
  double x = p * size;
  for (int step = 0; step < 2; step++) {
    // Towards 1 the difference of what is missing from 1 is the accurate one.
    double error = size < 0.5 ? erf(x) - size : (1.0 - size) - erfc(x);
    x -= error * exp(x * x) * 0.88622692545275801365;
  }
  return copysign(x, y);
}

#endif
