/// The depthwise u8 · s8 → s32 kernel, written once over isa/quads.h.
#include "isa/name.h"
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

enum {
  COLUMN_BYTES = BLOCK_CHANNELS * QUAD,
  TAP_BYTES = BLOCK_CHANNELS * CHANNEL_STEP_BYTES,
  MOST_VECTORS = BLOCK_CHANNELS / SUM_LANES,
  MOST_TAPS = 5,
};

/// Weaves `count` columns, the first at `pixels`; `steps` lead from one to the next. Gives where the next begins.
OCTET_INLINE uint8_t *weave_columns(const uint8_t *const pixels[4], const size_t steps[4], size_t count,
                                    uint8_t *woven) {
  const uint8_t *at[4] = {pixels[0], pixels[1], pixels[2], pixels[3]};
  for (size_t i = 0; i < count; i++, woven += COLUMN_BYTES) {
    weave(at, woven);
    OCTET_UNROLLED for (size_t row = 0; row < 4; row++) {
      at[row] += steps[row];
    }
  }
  return woven;
}

/// The part of `columns` columns from `first` on that lies in 0 ..< width comes between two parts of padding.
OCTET_INLINE void weave_line(const octet_depthwise_tile *tile) {
  const size_t columns = tile->columns;
  const ptrdiff_t width = (ptrdiff_t)tile->width, first = tile->first_column, end = first + (ptrdiff_t)columns;
  const ptrdiff_t first_inside = first < 0 ? 0 : first, end_inside = end < width ? end : width;
  const size_t inside = end_inside > first_inside ? (size_t)(end_inside - first_inside) : 0;
  const size_t before = inside == 0 ? columns : (size_t)(first_inside - first);
  const uint8_t *const padding[4] = {tile->padding, tile->padding, tile->padding, tile->padding};
  const size_t standing[4] = {0, 0, 0, 0};
  const uint8_t *pixels[4];
  OCTET_UNROLLED for (size_t row = 0; row < 4; row++) {
    pixels[row] = tile->rows[row] + first_inside * (ptrdiff_t)tile->row_steps[row];
  }
  uint8_t *woven = weave_columns(padding, standing, before, tile->woven);
  woven = weave_columns(pixels, tile->row_steps, inside, woven);
  weave_columns(padding, standing, columns - before - inside, woven);
}

/// One output pixel. `weights` is [taps][vectors].
OCTET_INLINE void dot_output(const octet_depthwise_tile *tile, size_t output, const uint8_t *columns, size_t taps,
                             size_t vectors, const weight_vector *weights) {
  const int32_t *initial = tile->initial + output * tile->initial_row_stride;
  int32_t *to = tile->sums + output * BLOCK_CHANNELS;
  sum_vector sums[MOST_VECTORS];
  OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
    sums[v] = load_vector(initial + v * SUM_LANES);
  }
  OCTET_UNROLLED for (size_t tap = 0; tap < taps; tap++) {
    const uint8_t *column = columns + tap * tile->tap_step * COLUMN_BYTES;
    OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
      const step_vector quads = quads_of_bytes(load_vector(column + v * sizeof(sum_vector)));
      sums[v] = add_products(sums[v], quads, weights[tap * vectors + v]);
    }
  }
  OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
    store_vector(to + v * SUM_LANES, sums[v]);
  }
}

/// `taps`, at most MOST_TAPS, and `vectors` are constants wherever this is inlined, so that weights are registers.
OCTET_INLINE void dot_columns(const octet_depthwise_tile *tile, const uint8_t *woven, size_t first_tap, size_t taps,
                              size_t vectors) {
  weight_vector weights[MOST_TAPS * MOST_VECTORS];
  OCTET_UNROLLED for (size_t tap = 0; tap < taps; tap++) {
    OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
      weights[tap * vectors + v] = load_weights(tile->weights + (first_tap + tap) * TAP_BYTES, v);
    }
  }
  const uint8_t *columns = woven + first_tap * tile->tap_step * COLUMN_BYTES;
  const size_t outputs = tile->outputs, step = tile->output_step * COLUMN_BYTES;
  for (size_t output = 0; output < outputs; output++) {
    dot_output(tile, output, columns + output * step, taps, vectors, weights);
  }
}

/// Up to MOST_TAPS taps at a time; from the second time on, the sums continue.
OCTET_INLINE void dot_units(octet_depthwise_tile tile, size_t units) {
  for (size_t tap = 0; tap < tile.taps;) {
    const size_t left = tile.taps - tap;
    switch (left) {
    case 1:
      dot_columns(&tile, tile.woven, tap, 1, units * UNIT_VECTORS);
      break;
    case 2:
      dot_columns(&tile, tile.woven, tap, 2, units * UNIT_VECTORS);
      break;
    case 3:
      dot_columns(&tile, tile.woven, tap, 3, units * UNIT_VECTORS);
      break;
    case 4:
      dot_columns(&tile, tile.woven, tap, 4, units * UNIT_VECTORS);
      break;
    default:
      dot_columns(&tile, tile.woven, tap, MOST_TAPS, units * UNIT_VECTORS);
      break;
    }
    tap += left < MOST_TAPS ? left : MOST_TAPS;
    tile.initial = tile.sums;
    tile.initial_row_stride = BLOCK_CHANNELS;
  }
}

/// Defines the kernel `name`, for blocks of BLOCK_CHANNELS channels.
#define OCTET_DEPTHWISE_KERNEL(name)                                                                                   \
  void OCTET_KERNEL_NAME(name)(const octet_depthwise_tile *tile) {                                                     \
    enum { UNITS = BLOCK_CHANNELS / OCTET_CHANNEL_UNIT };                                                              \
    weave_line(tile);                                                                                                  \
    switch (tile->units) {                                                                                             \
    case 1:                                                                                                            \
      dot_units(*tile, 1);                                                                                             \
      break;                                                                                                           \
    case 2:                                                                                                            \
      dot_units(*tile, UNITS < 2 ? UNITS : 2);                                                                         \
      break;                                                                                                           \
    case 3:                                                                                                            \
      dot_units(*tile, UNITS < 3 ? UNITS : 3);                                                                         \
      break;                                                                                                           \
    default:                                                                                                           \
      dot_units(*tile, UNITS);                                                                                         \
      break;                                                                                                           \
    }                                                                                                                  \
  }
