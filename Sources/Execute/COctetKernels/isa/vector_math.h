/// Elementary functions on sixteen lanes, out of additions and multiplications that every instruction set rounds alike.
///
/// The errors were measured against f64 on every 31st f32. NaN gives NaN.
#ifndef OCTET_ISA_VECTOR_MATH_H
#define OCTET_ISA_VECTOR_MATH_H

#include "isa/vector.h"

OCTET_INLINE f32x16 if_number_f32(f32x16 x, f32x16 value) {
  return x == x ? value : x;
}

// MARK: - Exponentials

/// x = n·ln 2 + r with |r| <= ln 2 / 2, and exp(r) - 1 by a polynomial (Cephes). For -104 <= x <= 89.
typedef struct {
  i32x16 n;
  f32x16 expm1_of_r;
} exponential_parts;

OCTET_INLINE exponential_parts exponential_parts_f32(f32x16 x) {
  // As round_small_f32 does, but the rounded value is wanted as f32, too.
  const f32x16 shifted = x * 1.44269504088896341f + 12582912.0f, whole = shifted - 12582912.0f;
  const i32x16 n = bits_of_f32(shifted) - 0x4B400000;
  // ln 2 in two parts; the first has so few bits that its product with n is exact.
  const f32x16 r = (x - whole * 0.693359375f) - whole * -2.12194440e-4f;
  f32x16 p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return (exponential_parts){n, p * (r * r) + r};
}

/// 2^n for -126 <= n <= 127; 0 for -127 and infinity for 128.
OCTET_INLINE f32x16 power_of_two(i32x16 n) {
  return f32_of_bits((n + 127) << 23);
}

/// e^x, within 1 ulp where the result is normal. Overflows to infinity and underflows through subnormals to 0.
OCTET_INLINE f32x16 exp_f32(f32x16 x) {
  const exponential_parts parts = exponential_parts_f32(clamp_f32(x, -104.0f, 89.0f));
  // In two factors, because 2^n alone may be too large or too small for an exponent.
  const i32x16 half = parts.n >> 1;
  const f32x16 y = (parts.expm1_of_r + 1.0f) * power_of_two(half) * power_of_two(parts.n - half);
  return if_number_f32(x, y);
}

/// e^x, within 1 ulp, in one factor less than exp_f32: 0 below -87.6, where it would be subnormal, and infinity above
/// 88.3. For sums in which neither makes a difference.
OCTET_INLINE f32x16 exp_normal_f32(f32x16 x) {
  const exponential_parts parts = exponential_parts_f32(bounded_f32(x, -88.0f, 89.0f));
  return (parts.expm1_of_r + 1.0f) * power_of_two(parts.n);
}

/// e^x - 1 for x <= 0, within 1 ulp.
OCTET_INLINE f32x16 expm1_of_negative_f32(f32x16 x) {
  const exponential_parts parts = exponential_parts_f32(bounded_f32(x, -80.0f, 0.0f));
  const f32x16 scale = power_of_two(parts.n);
  return scale * parts.expm1_of_r + (scale - 1.0f);
}

/// 1 / (1 + e^-x), absolute error below 1e-7, within 3 ulp down to -88, where it is 0.
OCTET_INLINE f32x16 sigmoid_f32(f32x16 x) {
  return 1.0f / (1.0f + exp_normal_f32(-x));
}

/// tanh x = -t / (t + 2) with t = e^(-2|x|) - 1, and the sign of x; absolute error below 1.6e-7, within 3 ulp.
OCTET_INLINE f32x16 tanh_f32(f32x16 x) {
  const f32x16 t = expm1_of_negative_f32(-2.0f * __builtin_elementwise_abs(x));
  return __builtin_elementwise_copysign(-t / (t + 2.0f), x);
}

// MARK: - Error function

/// erf x = x · p(x²) / q(x²) up to |x| = 4, where it is 1 in f32: least squares, weighted until no error stands out, by
/// which the quotient is within 2.5e-8; absolute error in f32 below 4e-7. A division costs less than an exponential.
OCTET_INLINE f32x16 erf_f32(f32x16 x) {
  const f32x16 near = bounded_f32(x, -4.0f, 4.0f), x2 = near * near;
  f32x16 p = 1.9867699362e-06f;
  p = p * x2 + 2.8456731929e-04f;
  p = p * x2 + 3.8834104037e-03f;
  p = p * x2 + 5.3101952514e-02f;
  p = p * x2 + 1.9354662407e-01f;
  p = p * x2 + 1.1283791393e+00f;
  f32x16 q = 3.7420119078e-05f;
  q = q * x2 + 1.1855870527e-03f;
  q = q * x2 + 1.5207384924e-02f;
  q = q * x2 + 1.1535064563e-01f;
  q = q * x2 + 5.0485878492e-01f;
  q = q * x2 + 1.0f;
  return bounded_f32(near * p / q, -1.0f, 1.0f);
}

// MARK: - Logarithms

/// ln x, within 1 ulp (Cephes). 0 gives -infinity, what is below it NaN.
OCTET_INLINE f32x16 log_f32(f32x16 x) {
  // Subnormals are made normal first.
  const f32x16 tiny = 1.17549435e-38f;
  const f32x16 normal = x < tiny ? x * 8388608.0f : x;
  const i32x16 bits = bits_of_f32(normal);
  // normal = 2^e·m with sqrt(1/2) <= m < sqrt(2)
  const i32x16 above = bits - 0x3F3504F3;
  const f32x16 whole = f32_of_i32(above >> 23) - (x < tiny ? (f32x16)23.0f : (f32x16)0.0f);
  const f32x16 m = f32_of_bits((above & 0x007FFFFF) + 0x3F3504F3) - 1.0f, m2 = m * m;
  f32x16 p = 7.0376836292e-2f;
  p = p * m + -1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m + -1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m + -1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m + -2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  const f32x16 tail = m * m2 * p + whole * -2.12194440e-4f - 0.5f * m2;
  const f32x16 y = m + tail + whole * 0.693359375f;
  const f32x16 finite = x < __builtin_inff() ? y : x;
  return x > 0.0f ? finite : (x == 0.0f ? (f32x16)-__builtin_inff() : (f32x16)__builtin_nanf(""));
}

/// ln(1 + x) for 0 <= x <= 1, within 2 ulp: what 1 + x rounds off is added back.
OCTET_INLINE f32x16 log1p_of_fraction_f32(f32x16 x) {
  const f32x16 w = 1.0f + x;
  return log_f32(w) + (x - (w - 1.0f)) / w;
}

#endif
