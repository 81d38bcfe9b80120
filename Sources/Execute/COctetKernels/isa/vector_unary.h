/// The operations of octet_unary.h on sixteen lanes, for every kernel that ends in one.
#ifndef OCTET_ISA_VECTOR_UNARY_H
#define OCTET_ISA_VECTOR_UNARY_H

#include "isa/vector_math.h"
#include "isa/vector_pieces.h"

OCTET_INLINE f32x16 elu_f32(f32x16 x, f32x16 alpha) {
  return x > 0.0f ? x : alpha * expm1_of_negative_f32(x);
}

/// max(x, 0) + ln(1 + e^-|x|), which does not overflow.
OCTET_INLINE f32x16 softplus_f32(f32x16 x) {
  const f32x16 rest = log1p_of_fraction_f32(exp_normal_f32(-__builtin_elementwise_abs(x)));
  return if_number_f32(x, max_f32(x, 0.0f) + rest);
}

/// tanh(ln(1 + e)) = n / (n + 2) with n = e·(e + 2), and 1 in f32 from x = 20 on.
OCTET_INLINE f32x16 mish_f32(f32x16 x) {
  const f32x16 e = exp_normal_f32(min_f32(20.0f, x)), n = e * (e + 2.0f);
  return x * (n / (n + 2.0f));
}

/// x / (1 + e^-(beta·x)) for beta > 0.
OCTET_INLINE f32x16 swish_f32(f32x16 x, f32x16 beta) {
  return risen_f32(x, beta, &octet_logistic_pieces);
}

OCTET_INLINE f32x16 gelu_erf_f32(f32x16 x) {
  return risen_f32(x, 1.0f, &octet_normal_pieces);
}

OCTET_INLINE f32x16 gelu_tanh_f32(f32x16 x) {
  return risen_f32(x, 1.0f, &octet_normal_tanh_pieces);
}

OCTET_INLINE f32x16 sign_f32(f32x16 x) {
  return x > 0.0f ? (f32x16)1.0f : (x < 0.0f ? (f32x16)-1.0f : x);
}

/// With a constant `operation` this is that operation alone.
OCTET_INLINE f32x16 unary_f32(f32x16 x, octet_unary_operation operation, f32x16 alpha, f32x16 beta) {
  switch (operation) {
  case OCTET_UNARY_RELU:
    return max_f32(x, 0.0f);
  case OCTET_UNARY_LEAKY_RELU:
    return x < 0.0f ? alpha * x : x;
  case OCTET_UNARY_CLAMP:
    return clamp_f32(x, alpha, beta);
  case OCTET_UNARY_HARD_SWISH:
    return x * (clamp_f32(x + 3.0f, 0.0f, 6.0f) * (1.0f / 6.0f));
  case OCTET_UNARY_HARD_SIGMOID:
    return clamp_f32(alpha * x + beta, 0.0f, 1.0f);
  case OCTET_UNARY_SIGMOID:
    return sigmoid_f32(x);
  case OCTET_UNARY_SWISH:
    return swish_f32(x, beta);
  case OCTET_UNARY_TANH:
    return tanh_f32(x);
  case OCTET_UNARY_GELU_ERF:
    return gelu_erf_f32(x);
  case OCTET_UNARY_GELU_TANH:
    return gelu_tanh_f32(x);
  case OCTET_UNARY_ELU:
    return elu_f32(x, alpha);
  case OCTET_UNARY_SELU:
    return beta * elu_f32(x, alpha);
  case OCTET_UNARY_MISH:
    return mish_f32(x);
  case OCTET_UNARY_SOFTPLUS:
    return softplus_f32(x);
  case OCTET_UNARY_EXP:
    return exp_f32(x);
  case OCTET_UNARY_LOG:
    return log_f32(x);
  case OCTET_UNARY_SQRT:
    return __builtin_elementwise_sqrt(x);
  case OCTET_UNARY_ABS:
    return __builtin_elementwise_abs(x);
  case OCTET_UNARY_NEGATIVE:
    return -x;
  case OCTET_UNARY_FLOOR:
    return __builtin_elementwise_floor(x);
  case OCTET_UNARY_CEILING:
    return __builtin_elementwise_ceil(x);
  case OCTET_UNARY_ROUND_HALF_EVEN:
    return __builtin_elementwise_roundeven(x);
  case OCTET_UNARY_ROUND_HALF_AWAY:
    return __builtin_elementwise_round(x);
  case OCTET_UNARY_RECIPROCAL:
    return 1.0f / x;
  case OCTET_UNARY_ERF:
    return erf_f32(x);
  case OCTET_UNARY_SIGN:
    return sign_f32(x);
  case OCTET_UNARY_SQUARE:
    return x * x;
  }
  return x;
}

#endif
