/// Sixteen virtual lanes: one vocabulary in which a simple kernel is written once for every instruction set.
///
/// A vector is one register on AVX-512, two on AVX2 and four on SSE; the compiler splits it. Lanes never depend on the
/// register width, so every instruction set computes the same bytes. Include this between isa/begin_*.h and isa/end.h.
#ifndef OCTET_ISA_VECTOR_H
#define OCTET_ISA_VECTOR_H

#include <stddef.h>
#include <stdint.h>

enum { OCTET_LANES = 16 };

typedef float f32x16 __attribute__((ext_vector_type(16)));
typedef int32_t i32x16 __attribute__((ext_vector_type(16)));
typedef uint32_t u32x16 __attribute__((ext_vector_type(16)));
typedef uint8_t u8x16 __attribute__((ext_vector_type(16)));
typedef int8_t i8x16 __attribute__((ext_vector_type(16)));

// A cast from one of these to another of the same size keeps the bits; a cast from a number fills all lanes.

#define OCTET_INLINE static inline __attribute__((always_inline))

// MARK: - Memory: nothing needs to be aligned

OCTET_INLINE f32x16 load_f32(const float *from) {
  f32x16 v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

OCTET_INLINE void store_f32(float *to, f32x16 v) {
  __builtin_memcpy(to, &v, sizeof v);
}

OCTET_INLINE u32x16 load_u32(const void *from) {
  u32x16 v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

OCTET_INLINE u8x16 load_u8(const uint8_t *from) {
  u8x16 v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

OCTET_INLINE void store_u8(uint8_t *to, u8x16 v) {
  __builtin_memcpy(to, &v, sizeof v);
}

/// Copies `bytes` < 64 bytes in pieces of a fixed size, which is faster than a call of memcpy.
OCTET_INLINE void copy_short(void *to, const void *from, size_t bytes) {
  uint8_t *t = to;
  const uint8_t *f = from;
#define OCTET_PIECE(size)                                                                                              \
  if (bytes & (size)) {                                                                                                \
    __builtin_memcpy(t, f, (size));                                                                                    \
    t += (size), f += (size);                                                                                          \
  }
  OCTET_PIECE(32)
  OCTET_PIECE(16)
  OCTET_PIECE(8)
  OCTET_PIECE(4)
  OCTET_PIECE(2)
  OCTET_PIECE(1)
#undef OCTET_PIECE
}

/// Writes the first `count` lanes, and nothing past them.
OCTET_INLINE void store_first_f32(float *to, f32x16 v, size_t count) {
  if (count >= OCTET_LANES) {
    store_f32(to, v);
  } else {
    copy_short(to, &v, count * sizeof(float));
  }
}

OCTET_INLINE void store_first_u8(uint8_t *to, u8x16 v, size_t count) {
  if (count >= OCTET_LANES) {
    store_u8(to, v);
  } else {
    copy_short(to, &v, count);
  }
}

/// Reads the first `count` lanes, and nothing past them; the others hold `rest`.
OCTET_INLINE f32x16 load_first_f32(const float *from, size_t count, float rest) {
  if (count >= OCTET_LANES) {
    return load_f32(from);
  }
  f32x16 v = rest;
  copy_short(&v, from, count * sizeof(float));
  return v;
}

OCTET_INLINE u8x16 load_first_u8(const uint8_t *from, size_t count, uint8_t rest) {
  if (count >= OCTET_LANES) {
    return load_u8(from);
  }
  u8x16 v = rest;
  copy_short(&v, from, count);
  return v;
}

// MARK: - Bits and conversions

OCTET_INLINE i32x16 bits_of_f32(f32x16 v) {
  return (i32x16)v;
}
OCTET_INLINE f32x16 f32_of_bits(i32x16 v) {
  return (f32x16)v;
}
OCTET_INLINE f32x16 f32_of_i32(i32x16 v) {
  return __builtin_convertvector(v, f32x16);
}
OCTET_INLINE f32x16 f32_of_u8(u8x16 v) {
  return f32_of_i32(__builtin_convertvector(v, i32x16));
}
OCTET_INLINE f32x16 f32_of_i8(u8x16 v) {
  return f32_of_i32(__builtin_convertvector((i8x16)v, i32x16));
}

/// The low byte of each lane.
OCTET_INLINE u8x16 low_bytes(i32x16 v) {
  return __builtin_convertvector((u32x16)v & 0xFFu, u8x16);
}

// MARK: - Comparisons in which NaN loses

/// a > b ? a : b, so that a NaN in `a` gives `b`: one maxps.
OCTET_INLINE f32x16 max_f32(f32x16 a, f32x16 b) {
  return a > b ? a : b;
}
OCTET_INLINE f32x16 min_f32(f32x16 a, f32x16 b) {
  return a < b ? a : b;
}

/// min(max(v, low), high); NaN gives low.
OCTET_INLINE f32x16 clamp_f32(f32x16 v, f32x16 low, f32x16 high) {
  return min_f32(max_f32(v, low), high);
}

// MARK: - Bounds that keep NaN

/// min(max(v, low), high); NaN stays, at the same price.
OCTET_INLINE f32x16 bounded_f32(f32x16 v, f32x16 low, f32x16 high) {
  return min_f32(high, max_f32(low, v));
}

// MARK: - Rounding

/// roundHalfEven(v) as integers, for |v| < 2^22.
///
/// 1.5·2^23 + v has no bits left for a fraction, so the addition rounds, half to even, and the integer stands in the
/// low bits. That is exact, and unlike roundps it also exists on SSE2.
OCTET_INLINE i32x16 round_small_f32(f32x16 v) {
  return bits_of_f32(v + 12582912.0f) - 0x4B400000;
}

/// roundHalfEven(clamp(v, low, high)), for bounds within ±2^22; NaN gives low.
OCTET_INLINE i32x16 round_clamped_f32(f32x16 v, f32x16 low, f32x16 high) {
  return round_small_f32(clamp_f32(v, low, high));
}

// MARK: - Reductions, in a fixed order

OCTET_INLINE f32x16 rotate_f32(f32x16 v, int by) {
  switch (by) {
  case 8:
    return __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  case 4:
    return __builtin_shufflevector(v, v, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3);
  case 2:
    return __builtin_shufflevector(v, v, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1);
  default:
    return __builtin_shufflevector(v, v, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0);
  }
}

/// The sum of the lanes: halves first, then quarters, then pairs.
OCTET_INLINE float sum_of_lanes(f32x16 v) {
  v += rotate_f32(v, 8);
  v += rotate_f32(v, 4);
  v += rotate_f32(v, 2);
  v += rotate_f32(v, 1);
  return v[0];
}

OCTET_INLINE float max_of_lanes(f32x16 v) {
  v = max_f32(v, rotate_f32(v, 8));
  v = max_f32(v, rotate_f32(v, 4));
  v = max_f32(v, rotate_f32(v, 2));
  return max_f32(v, rotate_f32(v, 1))[0];
}

// MARK: - Transposition

/// Transposes within each group of four lanes: lane 4i + j of v[k] becomes lane 4i + k of v[j].
OCTET_INLINE void transpose_quads(u32x16 v[4]) {
#define OCTET_LOW_PAIRS(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define OCTET_HIGH_PAIRS(a, b) __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define OCTET_LOW_HALVES(a, b) __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define OCTET_HIGH_HALVES(a, b)                                                                                        \
  __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
  const u32x16 low01 = OCTET_LOW_PAIRS(v[0], v[1]), high01 = OCTET_HIGH_PAIRS(v[0], v[1]);
  const u32x16 low23 = OCTET_LOW_PAIRS(v[2], v[3]), high23 = OCTET_HIGH_PAIRS(v[2], v[3]);
  v[0] = OCTET_LOW_HALVES(low01, low23);
  v[1] = OCTET_HIGH_HALVES(low01, low23);
  v[2] = OCTET_LOW_HALVES(high01, high23);
  v[3] = OCTET_HIGH_HALVES(high01, high23);
#undef OCTET_LOW_PAIRS
#undef OCTET_HIGH_PAIRS
#undef OCTET_LOW_HALVES
#undef OCTET_HIGH_HALVES
}

#endif
