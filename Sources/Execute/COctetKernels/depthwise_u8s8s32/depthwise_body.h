/// The depthwise u8 · s8 → s32 kernel, written once over isa/quads.h.
#include "isa/name.h"
#include "isa/quads.h"
#include "octet_depthwise.h"

#if OCTET_SUM_LANES == 16

enum { BLOCK_CHANNELS = 64 };

/// Loads 64 channels so that byte 16l + 4j + i is channel 16j + 4l + i: what weaving within lanes needs, for its
/// results to be in order.
OCTET_INLINE __m512i load_channels(const uint8_t *pixel) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, _mm512_loadu_si512(pixel));
}

/// Weaves four pixels: byte 4c + r becomes channel c of pixel r.
OCTET_INLINE void weave(const uint8_t *const pixels[4], uint8_t *woven) {
  const __m512i a = load_channels(pixels[0]), b = load_channels(pixels[1]);
  const __m512i c = load_channels(pixels[2]), d = load_channels(pixels[3]);
  const __m512i low_ab = _mm512_unpacklo_epi8(a, b), high_ab = _mm512_unpackhi_epi8(a, b);
  const __m512i low_cd = _mm512_unpacklo_epi8(c, d), high_cd = _mm512_unpackhi_epi8(c, d);
  _mm512_storeu_si512(woven, _mm512_unpacklo_epi16(low_ab, low_cd));
  _mm512_storeu_si512(woven + 64, _mm512_unpackhi_epi16(low_ab, low_cd));
  _mm512_storeu_si512(woven + 128, _mm512_unpacklo_epi16(high_ab, high_cd));
  _mm512_storeu_si512(woven + 192, _mm512_unpackhi_epi16(high_ab, high_cd));
}

#else

enum { BLOCK_CHANNELS = 16 };

OCTET_INLINE __m128i load_channels(const uint8_t *pixel) {
  return _mm_loadu_si128((const __m128i_u *)pixel);
}

/// Weaves four pixels: byte 4c + r becomes channel c of pixel r.
OCTET_INLINE void weave(const uint8_t *const pixels[4], uint8_t *woven) {
  const __m128i a = load_channels(pixels[0]), b = load_channels(pixels[1]);
  const __m128i c = load_channels(pixels[2]), d = load_channels(pixels[3]);
  const __m128i low_ab = _mm_unpacklo_epi8(a, b), high_ab = _mm_unpackhi_epi8(a, b);
  const __m128i low_cd = _mm_unpacklo_epi8(c, d), high_cd = _mm_unpackhi_epi8(c, d);
  __m128i_u *to = (__m128i_u *)woven;
  _mm_storeu_si128(to, _mm_unpacklo_epi16(low_ab, low_cd));
  _mm_storeu_si128(to + 1, _mm_unpackhi_epi16(low_ab, low_cd));
  _mm_storeu_si128(to + 2, _mm_unpacklo_epi16(high_ab, high_cd));
  _mm_storeu_si128(to + 3, _mm_unpackhi_epi16(high_ab, high_cd));
}

#endif

enum { COLUMN_BYTES = BLOCK_CHANNELS * QUAD, TAP_BYTES = BLOCK_CHANNELS * CHANNEL_STEP_BYTES };

OCTET_INLINE void weave_columns(const octet_depthwise_tile *tile) {
  for (size_t i = 0; i < tile->columns; i++) {
    const ptrdiff_t column = tile->first_column + (ptrdiff_t)i;
    const bool inside = column >= 0 && column < (ptrdiff_t)tile->width;
    const uint8_t *pixels[4];
    OCTET_UNROLLED for (size_t row = 0; row < 4; row++) {
      pixels[row] = inside ? tile->rows[row] + column * (ptrdiff_t)tile->row_steps[row] : tile->padding;
    }
    weave(pixels, tile->woven + i * COLUMN_BYTES);
  }
}

/// `vectors` is a constant wherever this is inlined, and `taps` where the weights are to stay in registers.
OCTET_INLINE void dot_columns(const octet_depthwise_tile *tile, size_t taps, size_t vectors) {
  enum { MOST_VECTORS = BLOCK_CHANNELS / SUM_LANES };
  for (size_t output = 0; output < tile->outputs; output++) {
    const uint8_t *columns = tile->woven + output * tile->output_step * COLUMN_BYTES;
    const int32_t *initial = tile->initial + output * tile->initial_row_stride;
    sum_vector sums[MOST_VECTORS];
    OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
      sums[v] = load_vector(initial + v * SUM_LANES);
    }
    for (size_t tap = 0; tap < taps; tap++) {
      const uint8_t *column = columns + tap * tile->tap_step * COLUMN_BYTES;
      OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
        const quad_vector quads = quads_of_bytes(load_vector(column + v * sizeof(sum_vector)));
        sums[v] = add_products(sums[v], quads, load_weights(tile->weights + tap * TAP_BYTES, v));
      }
    }
    int32_t *to = tile->sums + output * BLOCK_CHANNELS;
    OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
      store_vector(to + v * SUM_LANES, sums[v]);
    }
  }
}

OCTET_INLINE void dot_units(const octet_depthwise_tile *tile, size_t units) {
  switch (tile->taps) {
  case 3:
    dot_columns(tile, 3, units * UNIT_VECTORS);
    break;
  case 5:
    dot_columns(tile, 5, units * UNIT_VECTORS);
    break;
  default:
    dot_columns(tile, tile->taps, units * UNIT_VECTORS);
    break;
  }
}

/// Defines the kernel `name`, for blocks of BLOCK_CHANNELS channels.
#define OCTET_DEPTHWISE_KERNEL(name)                                                                                   \
  void OCTET_KERNEL_NAME(name)(const octet_depthwise_tile *tile) {                                                     \
    enum { UNITS = BLOCK_CHANNELS / OCTET_CHANNEL_UNIT };                                                              \
    weave_columns(tile);                                                                                               \
    switch (tile->units) {                                                                                             \
    case 1:                                                                                                            \
      dot_units(tile, 1);                                                                                              \
      break;                                                                                                           \
    case 2:                                                                                                            \
      dot_units(tile, UNITS < 2 ? UNITS : 2);                                                                          \
      break;                                                                                                           \
    case 3:                                                                                                            \
      dot_units(tile, UNITS < 3 ? UNITS : 3);                                                                          \
      break;                                                                                                           \
    default:                                                                                                           \
      dot_units(tile, UNITS);                                                                                          \
      break;                                                                                                           \
    }                                                                                                                  \
  }
