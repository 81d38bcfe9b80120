/// Sums of f32 products: the vocabulary of the f32 convolution and matrix product. Before including this between
/// isa/begin_*.h and isa/end.h, define OCTET_SUM_LANES, the f32 lanes of a register.
///
/// Where the processor has fused multiplication and addition it is used, for every sum in the same order, so that all
/// instruction sets from AVX2 up write the same bytes. The others round twice.
#ifndef OCTET_ISA_FLOATS_H
#define OCTET_ISA_FLOATS_H

#include <stddef.h>
#include <stdint.h>

#define OCTET_FLOAT_SUMS
#define OCTET_INLINE static inline __attribute__((always_inline))
#define OCTET_UNROLLED _Pragma("clang loop unroll(full)")

enum { STEP_BYTES = sizeof(float), CHANNEL_STEP_BYTES = sizeof(float), SUM_LANES = OCTET_SUM_LANES };

typedef float sum_vector __attribute__((ext_vector_type(OCTET_SUM_LANES)));
typedef sum_vector step_vector, weight_vector;

OCTET_INLINE sum_vector load_vector(const void *from) {
  sum_vector v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

OCTET_INLINE void store_vector(void *to, sum_vector v) {
  __builtin_memcpy(to, &v, sizeof v);
}

/// The weights of the v-th register of sums, from where a step's weights begin.
OCTET_INLINE weight_vector load_weights(const uint8_t *step, size_t v) {
  return load_vector(step + v * sizeof(sum_vector));
}

/// The input element at `input`, for every sum.
OCTET_INLINE step_vector broadcast_step(const uint8_t *input) {
  float element;
  __builtin_memcpy(&element, input, sizeof element);
  return element;
}

OCTET_INLINE sum_vector add_products(sum_vector sums, step_vector input, weight_vector weights) {
#ifdef OCTET_FUSED
  return __builtin_elementwise_fma(input, weights, sums);
#else
  return sums + input * weights;
#endif
}

#endif
