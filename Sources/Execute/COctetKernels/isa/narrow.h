/// From f32 to bytes, sixty-four values at a time: how kernels end that write u8.
///
/// The narrowing instructions of every instruction set saturate, so that clamping costs nothing. They work within
/// 128-bit lanes; one permutation per register puts the bytes in order.
#ifndef OCTET_ISA_NARROW_H
#define OCTET_ISA_NARROW_H

#include <immintrin.h>

#include "isa/vector.h"

enum { OCTET_BLOCK_VECTORS = 4, OCTET_BLOCK = OCTET_BLOCK_VECTORS * OCTET_LANES };

typedef uint8_t u8x64 __attribute__((ext_vector_type(64)));

#if OCTET_REGISTER_BYTES == 64

/// Byte 16·i + j is roundHalfEven(clamp(v[i][j], 0, 255)), for |v| < 2^31.
OCTET_INLINE u8x64 narrow_f32(const f32x16 v[OCTET_BLOCK_VECTORS]) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i a = _mm512_cvtps_epi32((__m512)v[0]), b = _mm512_cvtps_epi32((__m512)v[1]);
  const __m512i c = _mm512_cvtps_epi32((__m512)v[2]), d = _mm512_cvtps_epi32((__m512)v[3]);
  const __m512i bytes = _mm512_packus_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
  return (u8x64)_mm512_permutexvar_epi32(order, bytes);
}

#elif OCTET_REGISTER_BYTES == 32

typedef float f32x8 __attribute__((ext_vector_type(8)));
typedef uint8_t u8x32 __attribute__((ext_vector_type(32)));

OCTET_INLINE __m256i narrow_half_f32(f32x16 v) {
  const f32x8 low = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
  const f32x8 high = __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
  return _mm256_packs_epi32(_mm256_cvtps_epi32((__m256)low), _mm256_cvtps_epi32((__m256)high));
}

OCTET_INLINE u8x32 narrow_pair_f32(f32x16 a, f32x16 b) {
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  const __m256i bytes = _mm256_packus_epi16(narrow_half_f32(a), narrow_half_f32(b));
  return (u8x32)_mm256_permutevar8x32_epi32(bytes, order);
}

/// Byte 16·i + j is roundHalfEven(clamp(v[i][j], 0, 255)), for |v| < 2^31.
OCTET_INLINE u8x64 narrow_f32(const f32x16 v[OCTET_BLOCK_VECTORS]) {
  const u8x32 halves[2] = {narrow_pair_f32(v[0], v[1]), narrow_pair_f32(v[2], v[3])};
  u8x64 bytes;
  __builtin_memcpy(&bytes, halves, sizeof bytes);
  return bytes;
}

#else

typedef float f32x4 __attribute__((ext_vector_type(4)));

OCTET_INLINE __m128i narrow_vector_f32(f32x16 v) {
  const f32x4 a = __builtin_shufflevector(v, v, 0, 1, 2, 3), b = __builtin_shufflevector(v, v, 4, 5, 6, 7);
  const f32x4 c = __builtin_shufflevector(v, v, 8, 9, 10, 11), d = __builtin_shufflevector(v, v, 12, 13, 14, 15);
  const __m128i ab = _mm_packs_epi32(_mm_cvtps_epi32((__m128)a), _mm_cvtps_epi32((__m128)b));
  const __m128i cd = _mm_packs_epi32(_mm_cvtps_epi32((__m128)c), _mm_cvtps_epi32((__m128)d));
  return _mm_packus_epi16(ab, cd);
}

/// Byte 16·i + j is roundHalfEven(clamp(v[i][j], 0, 255)), for |v| < 2^31.
OCTET_INLINE u8x64 narrow_f32(const f32x16 v[OCTET_BLOCK_VECTORS]) {
  const __m128i quarters[OCTET_BLOCK_VECTORS] = {narrow_vector_f32(v[0]), narrow_vector_f32(v[1]),
                                                 narrow_vector_f32(v[2]), narrow_vector_f32(v[3])};
  u8x64 bytes;
  __builtin_memcpy(&bytes, quarters, sizeof bytes);
  return bytes;
}

#endif

#endif
