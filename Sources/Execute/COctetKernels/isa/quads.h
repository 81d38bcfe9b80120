/// Sums of u8 · s8 products in s32, four at a time and exact: the vocabulary of the INT8 kernels.
///
/// A *quad* is four neighbouring input elements, weighted by four weights and added to one sum. Before including this
/// between isa/begin_*.h and isa/end.h, define OCTET_SUM_LANES, the s32 lanes of a register, and one of
///   OCTET_VPDPBUSD(sums, quads, weights)  the processor multiplies quads itself,
///   OCTET_VPMADDWD(a, b)                  it multiplies pairs of s16, to which a mask and a shift widen the bytes,
///   both OCTET_VPMADDWD and OCTET_VPMADDUBSW(quads, weights), which multiplies bytes, but saturates at 32767: what the
///                                         processor could do at the best, not for sums that must be right,
///   nothing                               plain C multiplies byte by byte.
#ifndef OCTET_ISA_QUADS_H
#define OCTET_ISA_QUADS_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "octet_dot.h"

#define OCTET_INLINE static inline __attribute__((always_inline))
#define OCTET_UNROLLED _Pragma("clang loop unroll(full)")

enum { QUAD = 4, STEP_BYTES = QUAD, SUM_LANES = OCTET_SUM_LANES, UNIT_VECTORS = OCTET_CHANNEL_UNIT / SUM_LANES };

typedef int32_t sum_vector __attribute__((ext_vector_type(OCTET_SUM_LANES)));

OCTET_INLINE sum_vector load_vector(const void *from) {
  sum_vector v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

OCTET_INLINE void store_vector(void *to, sum_vector v) {
  __builtin_memcpy(to, &v, sizeof v);
}

#if defined(OCTET_VPDPBUSD) || defined(OCTET_VPMADDUBSW) || !defined(OCTET_VPMADDWD)

enum { WEIGHT_FORMAT = OCTET_WEIGHTS_QUADS_S8, CHANNEL_STEP_BYTES = 4 };

typedef sum_vector step_vector, weight_vector;

OCTET_INLINE step_vector quads_of_bytes(sum_vector bytes) {
  return bytes;
}

/// The weights of the v-th register of sums, from where a step's weights begin.
OCTET_INLINE weight_vector load_weights(const uint8_t *step, size_t v) {
  return load_vector(step + v * sizeof(sum_vector));
}

OCTET_INLINE sum_vector add_products(sum_vector sums, step_vector quads, weight_vector weights) {
#ifdef OCTET_VPDPBUSD
  return (sum_vector)OCTET_VPDPBUSD(sums, quads, weights);
#elif defined(OCTET_VPMADDUBSW)
  const sum_vector ones = 0x00010001;
  return sums + (sum_vector)OCTET_VPMADDWD(OCTET_VPMADDUBSW(quads, weights), ones);
#else
  for (size_t lane = 0; lane < SUM_LANES; lane++) {
    for (size_t i = 0; i < QUAD; i++) {
      sums[lane] += (uint8_t)(quads[lane] >> 8 * i) * (int8_t)(weights[lane] >> 8 * i);
    }
  }
  return sums;
#endif
}

#else

enum { WEIGHT_FORMAT = OCTET_WEIGHTS_PAIRS_S16, CHANNEL_STEP_BYTES = 8 };

typedef uint16_t pair_vector __attribute__((ext_vector_type(OCTET_SUM_LANES * 2)));

typedef struct {
  sum_vector even, odd;
} step_vector, weight_vector;

OCTET_INLINE step_vector quads_of_bytes(sum_vector bytes) {
  const pair_vector pairs = (pair_vector)bytes;
  return (step_vector){(sum_vector)(pairs & 0xFF), (sum_vector)(pairs >> 8)};
}

/// The weights of the v-th register of sums, from where a step's weights begin.
OCTET_INLINE weight_vector load_weights(const uint8_t *step, size_t v) {
  const size_t unit_half = OCTET_CHANNEL_UNIT * sizeof(int32_t);
  const uint8_t *even = step + v / UNIT_VECTORS * 2 * unit_half + v % UNIT_VECTORS * sizeof(sum_vector);
  return (weight_vector){load_vector(even), load_vector(even + unit_half)};
}

OCTET_INLINE sum_vector add_products(sum_vector sums, step_vector quads, weight_vector weights) {
  sums += (sum_vector)OCTET_VPMADDWD(quads.even, weights.even);
  return sums + (sum_vector)OCTET_VPMADDWD(quads.odd, weights.odd);
}

#endif

/// The four input elements at `input`, for every sum.
OCTET_INLINE step_vector broadcast_step(const uint8_t *input) {
  int32_t quad;
  __builtin_memcpy(&quad, input, sizeof quad);
  return quads_of_bytes(quad);
}

#endif
