/// Functions of octet_pieces.h on sixteen lanes.
#ifndef OCTET_ISA_VECTOR_PIECES_H
#define OCTET_ISA_VECTOR_PIECES_H

#include <immintrin.h>

#include "isa/vector.h"
#include "octet_pieces.h"

/// table[index mod 16] for each lane.
OCTET_INLINE f32x16 choose_f32(const float table[OCTET_PIECES], u32x16 index) {
#if OCTET_REGISTER_BYTES == 64
  return (f32x16)_mm512_permutexvar_ps((__m512i)index, _mm512_loadu_ps(table));
#elif OCTET_REGISTER_BYTES == 32
  const __m256 low = _mm256_loadu_ps(table), high = _mm256_loadu_ps(table + 8);
  __m256i of_lanes[2];
  __m256 chosen[2];
  __builtin_memcpy(of_lanes, &index, sizeof of_lanes);
  for (int i = 0; i < 2; i++) {
    // A permutation looks at three bits; the fourth becomes the sign, which a blend looks at.
    const __m256 is_high = _mm256_castsi256_ps(_mm256_slli_epi32(of_lanes[i], 28));
    chosen[i] = _mm256_blendv_ps(_mm256_permutevar8x32_ps(low, of_lanes[i]),
                                 _mm256_permutevar8x32_ps(high, of_lanes[i]), is_high);
  }
  f32x16 result;
  __builtin_memcpy(&result, chosen, sizeof result);
  return result;
#else
  f32x16 result;
  for (int lane = 0; lane < OCTET_LANES; lane++) {
    result[lane] = table[index[lane] % OCTET_PIECES];
  }
  return result;
#endif
}

/// x·f(scale·x) for scale > 0, which is max(x, 0) − |x|·g(scale·|x|): absolute error below 4e-7·max(1, |x·f|).
/// -infinity gives the limit 0, and NaN gives NaN.
OCTET_INLINE f32x16 risen_f32(f32x16 x, f32x16 scale, const octet_pieces *pieces) {
  const f32x16 t = __builtin_elementwise_abs(x), w = t * (scale * pieces->rate) + 1.0f;
  const u32x16 bits = (u32x16)w, index = bits >> 21;
  const f32x16 place = (f32x16)((bits & 0x001FFFFFu) | 0x3F800000u) - 1.125f;
  f32x16 g = choose_f32(pieces->coefficients[OCTET_PIECE_COEFFICIENTS - 1], index);
  _Pragma("clang loop unroll(full)") for (int power = OCTET_PIECE_COEFFICIENTS - 2; power >= 0; power--) {
    g = g * place + choose_f32(pieces->coefficients[power], index);
  }
  return max_f32(0.0f, x) - (w < 16.0f ? t * g : (f32x16)0.0f);
}

#endif
