/// u8 · s8 → s32 with vpdpbusd on 512-bit registers, which adds four products to each sum and never saturates.
///
/// A tile keeps up to 28 of the 32 registers as sums. Each step loads the panel's weights for four input elements once,
/// and broadcasts each pixel's four elements against them.
#include "octet_dot.h"

#include <immintrin.h>

#include "isa/begin_avx512vnni.h"

#define OCTET_INLINE static inline __attribute__((always_inline))
#define OCTET_UNROLL _Pragma("clang loop unroll(full)")

enum { LANES = 16, QUAD = 4 };

OCTET_INLINE __m512i broadcast_quad(const uint8_t *input) {
  int32_t quad;
  __builtin_memcpy(&quad, input, sizeof quad);
  return _mm512_set1_epi32(quad);
}

/// `rows` and `vectors` are constants wherever this is inlined.
OCTET_INLINE void dot(const octet_dot_tile *tile, size_t rows, size_t vectors) {
  const int32_t *initial = tile->initial;
  int32_t *result = tile->sums;
  const int8_t *weights = tile->weights;
  __m512i sums[OCTET_TILE_ROWS][4];
  OCTET_UNROLL
  for (size_t r = 0; r < rows; r++) {
    OCTET_UNROLL
    for (size_t v = 0; v < vectors; v++) {
      sums[r][v] = _mm512_loadu_si512(initial + r * tile->initial_row_stride + v * LANES);
    }
  }
  for (size_t run = 0; run < tile->runs; run++) {
    const uint8_t *inputs[OCTET_TILE_ROWS];
    OCTET_UNROLL
    for (size_t r = 0; r < rows; r++) {
      inputs[r] = tile->inputs[r][run];
    }
    for (size_t offset = 0; offset < tile->steps * QUAD; offset += QUAD) {
      __m512i weight[4];
      OCTET_UNROLL
      for (size_t v = 0; v < vectors; v++) {
        weight[v] = _mm512_loadu_si512(weights + v * LANES * QUAD);
      }
      weights += vectors * LANES * QUAD;
      OCTET_UNROLL
      for (size_t r = 0; r < rows; r++) {
        const __m512i input = broadcast_quad(inputs[r] + offset);
        OCTET_UNROLL
        for (size_t v = 0; v < vectors; v++) {
          sums[r][v] = _mm512_dpbusd_epi32(sums[r][v], input, weight[v]);
        }
      }
    }
  }
  OCTET_UNROLL
  for (size_t r = 0; r < rows; r++) {
    OCTET_UNROLL
    for (size_t v = 0; v < vectors; v++) {
      _mm512_storeu_si512(result + (r * vectors + v) * LANES, sums[r][v]);
    }
  }
}

#define OCTET_ROWS(count, vectors)                                                                                     \
  case count:                                                                                                          \
    dot(tile, count, vectors);                                                                                         \
    break;

void octet_convolution_u8s8s32_6x64__avx512vnni(const octet_dot_tile *tile) {
  switch (tile->rows) {
    OCTET_ROWS(1, 4) OCTET_ROWS(2, 4) OCTET_ROWS(3, 4) OCTET_ROWS(4, 4) OCTET_ROWS(5, 4) OCTET_ROWS(6, 4)
  }
}

void octet_convolution_u8s8s32_8x48__avx512vnni(const octet_dot_tile *tile) {
  switch (tile->rows) {
    OCTET_ROWS(1, 3)
    OCTET_ROWS(2, 3)
    OCTET_ROWS(3, 3) OCTET_ROWS(4, 3) OCTET_ROWS(5, 3) OCTET_ROWS(6, 3) OCTET_ROWS(7, 3) OCTET_ROWS(8, 3)
  }
}

void octet_convolution_u8s8s32_12x32__avx512vnni(const octet_dot_tile *tile) {
  switch (tile->rows) {
    OCTET_ROWS(1, 2)
    OCTET_ROWS(2, 2)
    OCTET_ROWS(3, 2) OCTET_ROWS(4, 2) OCTET_ROWS(5, 2) OCTET_ROWS(6, 2) OCTET_ROWS(7, 2) OCTET_ROWS(8, 2)
        OCTET_ROWS(9, 2) OCTET_ROWS(10, 2) OCTET_ROWS(11, 2) OCTET_ROWS(12, 2)
  }
}

void octet_convolution_u8s8s32_14x16__avx512vnni(const octet_dot_tile *tile) {
  switch (tile->rows) {
    OCTET_ROWS(1, 1)
    OCTET_ROWS(2, 1)
    OCTET_ROWS(3, 1) OCTET_ROWS(4, 1) OCTET_ROWS(5, 1) OCTET_ROWS(6, 1) OCTET_ROWS(7, 1) OCTET_ROWS(8, 1)
        OCTET_ROWS(9, 1) OCTET_ROWS(10, 1) OCTET_ROWS(11, 1) OCTET_ROWS(12, 1) OCTET_ROWS(13, 1) OCTET_ROWS(14, 1)
  }
}

#include "isa/end.h"
