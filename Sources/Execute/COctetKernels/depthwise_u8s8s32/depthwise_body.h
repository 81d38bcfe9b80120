/// The depthwise u8 · s8 → s32 kernel, written once over isa/quads.h.
#include "epilogue/direct.h"
#include "isa/name.h"
#include "octet_depthwise.h"

enum {
  /// Bytes of a column's quads for sixteen channels.
  UNIT_BYTES = OCTET_CHANNEL_UNIT * QUAD,
  MOST_TAPS = 5,
};

/// Weaves sixteen channels of four pixels: byte 4c + r becomes channel c of pixel r.
OCTET_INLINE void weave_unit(const uint8_t *const pixels[4], uint8_t *woven) {
  const __m128i a = _mm_loadu_si128((const __m128i_u *)pixels[0]), b = _mm_loadu_si128((const __m128i_u *)pixels[1]);
  const __m128i c = _mm_loadu_si128((const __m128i_u *)pixels[2]), d = _mm_loadu_si128((const __m128i_u *)pixels[3]);
  const __m128i low_ab = _mm_unpacklo_epi8(a, b), high_ab = _mm_unpackhi_epi8(a, b);
  const __m128i low_cd = _mm_unpacklo_epi8(c, d), high_cd = _mm_unpackhi_epi8(c, d);
  __m128i_u *to = (__m128i_u *)woven;
  _mm_storeu_si128(to, _mm_unpacklo_epi16(low_ab, low_cd));
  _mm_storeu_si128(to + 1, _mm_unpackhi_epi16(low_ab, low_cd));
  _mm_storeu_si128(to + 2, _mm_unpacklo_epi16(high_ab, high_cd));
  _mm_storeu_si128(to + 3, _mm_unpackhi_epi16(high_ab, high_cd));
}

#if OCTET_REGISTER_BYTES == 64

enum { BLOCK_UNITS = 4 };

/// Loads 64 channels so that byte 16l + 4j + i is channel 16j + 4l + i: what weaving within lanes needs, for its
/// results to be in order.
OCTET_INLINE __m512i load_channels(const uint8_t *pixel) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, _mm512_loadu_si512(pixel));
}

/// Weaves 64 bytes of four rows: the quads of sixteen after sixteen.
OCTET_INLINE void weave_block(const uint8_t *const pixels[4], __m512i quads[BLOCK_UNITS]) {
  const __m512i a = load_channels(pixels[0]), b = load_channels(pixels[1]);
  const __m512i c = load_channels(pixels[2]), d = load_channels(pixels[3]);
  const __m512i low_ab = _mm512_unpacklo_epi8(a, b), high_ab = _mm512_unpackhi_epi8(a, b);
  const __m512i low_cd = _mm512_unpacklo_epi8(c, d), high_cd = _mm512_unpackhi_epi8(c, d);
  quads[0] = _mm512_unpacklo_epi16(low_ab, low_cd), quads[1] = _mm512_unpackhi_epi16(low_ab, low_cd);
  quads[2] = _mm512_unpacklo_epi16(high_ab, high_cd), quads[3] = _mm512_unpackhi_epi16(high_ab, high_cd);
}

/// Weaves one column of up to 64 channels.
OCTET_INLINE void weave_column(const uint8_t *const pixels[4], uint8_t *woven, size_t units, size_t unit_step) {
  __m512i quads[BLOCK_UNITS];
  weave_block(pixels, quads);
  OCTET_UNROLLED for (size_t unit = 0; unit < BLOCK_UNITS; unit++) {
    if (unit < units) {
      _mm512_storeu_si512(woven + unit * unit_step, quads[unit]);
    }
  }
}

/// Weaves two columns of 32 channels, or four of 16, whose pixels follow each other.
OCTET_INLINE void weave_dense_block(const uint8_t *const pixels[4], uint8_t *woven, size_t units, size_t unit_step) {
  __m512i quads[BLOCK_UNITS];
  weave_block(pixels, quads);
  OCTET_UNROLLED for (size_t i = 0; i < BLOCK_UNITS; i++) {
    _mm512_storeu_si512(woven + i % units * unit_step + i / units * UNIT_BYTES, quads[i]);
  }
}

#else

enum { BLOCK_UNITS = 1 };

OCTET_INLINE void weave_column(const uint8_t *const pixels[4], uint8_t *woven, size_t units, size_t unit_step) {
  (void)units, (void)unit_step;
  weave_unit(pixels, woven);
}

OCTET_INLINE void weave_dense_block(const uint8_t *const pixels[4], uint8_t *woven, size_t units, size_t unit_step) {
  weave_column(pixels, woven, units, unit_step);
}

#endif

enum {
  BLOCK_CHANNELS = BLOCK_UNITS * OCTET_CHANNEL_UNIT,
  TAP_BYTES = BLOCK_CHANNELS * CHANNEL_STEP_BYTES,
};

/// Weaves `count` columns, the first at `pixels`; `steps` lead from one to the next. Gives where the next begins.
OCTET_INLINE uint8_t *weave_columns(const octet_depthwise_tile *tile, const uint8_t *const pixels[4],
                                    const size_t steps[4], size_t count, uint8_t *woven) {
  const size_t units = tile->units, unit_step = tile->unit_step;
  const uint8_t *at[4] = {pixels[0], pixels[1], pixels[2], pixels[3]};
  for (size_t i = 0; i < count; i++, woven += UNIT_BYTES) {
    if (units > 1) {
      weave_column(at, woven, units, unit_step);
    } else {
      weave_unit(at, woven);
    }
    OCTET_UNROLLED for (size_t row = 0; row < 4; row++) {
      at[row] += steps[row];
    }
  }
  return woven;
}

/// The same for pixels of 16 or 32 channels that follow each other: four or two columns at a time, so that up to three
/// more than `count` are written.
OCTET_INLINE uint8_t *weave_dense_columns(const octet_depthwise_tile *tile, const uint8_t *const pixels[4],
                                          size_t count, uint8_t *woven) {
  const size_t units = tile->units, unit_step = tile->unit_step;
  const uint8_t *at[4] = {pixels[0], pixels[1], pixels[2], pixels[3]};
  for (size_t i = 0; i < count; i += BLOCK_UNITS / units) {
    if (units == 1) {
      weave_dense_block(at, woven + i * UNIT_BYTES, 1, unit_step);
    } else {
      weave_dense_block(at, woven + i * UNIT_BYTES, 2, unit_step);
    }
    OCTET_UNROLLED for (size_t row = 0; row < 4; row++) {
      at[row] += BLOCK_CHANNELS;
    }
  }
  return woven + count * UNIT_BYTES;
}

/// Whether all four rows are inside the image, and nothing lies between a pixel's channels and the next pixel's.
OCTET_INLINE bool is_dense(const octet_depthwise_tile *tile) {
  const size_t units = tile->units;
  bool dense = units < BLOCK_UNITS && BLOCK_UNITS % units == 0;
  OCTET_UNROLLED for (size_t row = 0; row < 4; row++) {
    dense &= tile->row_steps[row] == units * OCTET_CHANNEL_UNIT;
  }
  return dense;
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
  uint8_t *woven = weave_columns(tile, padding, standing, before, tile->woven);
  if (is_dense(tile)) {
    woven = weave_dense_columns(tile, pixels, inside, woven);
  } else {
    woven = weave_columns(tile, pixels, tile->row_steps, inside, woven);
  }
  weave_columns(tile, padding, standing, columns - before - inside, woven);
}

/// What is constant wherever the functions below are inlined: lines summed together, taps, columns from one output and
/// from one tap to the next, and how the sums end.
typedef struct {
  size_t lines, taps, output_step, tap_step;
  /// Whether sums go on from earlier ones, and whether there are sixteen channels rather than fewer.
  bool continues, full;
  octet_epilogue_kind kind;
} depthwise_shape;

/// Sixteen channels of one line: what the loop over the outputs has in registers, or near them.
typedef struct {
  weight_vector weights[MOST_TAPS][UNIT_VECTORS];
  /// What all sums start from, where they do not go on from earlier ones.
  sum_vector initial[UNIT_VECTORS];
  int32_t *sums;
  f32x16 scale, shift;
  octet_direct_rows direct;
} depthwise_unit;

OCTET_INLINE depthwise_unit load_unit(const octet_depthwise_line *line, size_t channel, size_t first_tap,
                                      depthwise_shape shape) {
  depthwise_unit unit = {.sums = line->sums + channel};
  OCTET_UNROLLED for (size_t v = 0; v < UNIT_VECTORS; v++) {
    unit.initial[v] = load_vector(line->initial + channel + v * SUM_LANES);
  }
  OCTET_UNROLLED for (size_t tap = 0; tap < shape.taps; tap++) {
    const uint8_t *of_tap = line->weights + (first_tap + tap) * TAP_BYTES;
    OCTET_UNROLLED for (size_t v = 0; v < UNIT_VECTORS; v++) {
      unit.weights[tap][v] = load_weights(of_tap, channel / SUM_LANES + v);
    }
  }
  if (shape.kind != OCTET_EPILOGUE_ANY) {
    // Field by field: a wide copy would wait for the narrow stores that have just written them.
    const size_t left = line->direct.channels - channel;
    unit.direct = (octet_direct_rows){.output = line->direct.output + channel,
                                      .output_stride = line->direct.output_stride,
                                      .channels = left < OCTET_CHANNEL_UNIT ? left : OCTET_CHANNEL_UNIT,
                                      .low = line->direct.low + channel,
                                      .high = line->direct.high + channel};
    unit.scale = load_f32(line->direct.scale + channel);
    unit.shift = load_f32(line->direct.shift + channel);
  }
  return unit;
}

/// Finishes or stores the sums of `count` outputs from `output` on.
OCTET_INLINE void store_outputs(const depthwise_unit *unit, const i32x16 *sums, size_t output, size_t count,
                                depthwise_shape shape) {
  if (shape.kind == OCTET_EPILOGUE_ANY) {
    OCTET_UNROLLED for (size_t o = 0; o < count; o++) {
      __builtin_memcpy(unit->sums + (output + o) * BLOCK_CHANNELS, &sums[o], sizeof sums[o]);
    }
    return;
  }
  f32x16 block[OCTET_BLOCK_VECTORS];
  OCTET_UNROLLED for (size_t i = 0; i < OCTET_BLOCK_VECTORS; i++) {
    block[i] = f32_of_i32(sums[i < count ? i : count - 1]) * unit->scale + unit->shift;
  }
  octet_direct_rows direct = unit->direct;
  octet_direct_rows_advance(&direct, output);
  store_block(&direct, block, 0, count, 1, shape.full);
}

/// `count` outputs from `output` on. A column is loaded once for all outputs and lines that it meets.
OCTET_INLINE void dot_outputs(const depthwise_unit *units, const uint8_t *columns, size_t output, size_t count,
                              depthwise_shape shape) {
  columns += output * shape.output_step * UNIT_BYTES;
  sum_vector sums[OCTET_DEPTHWISE_LINES][OCTET_BLOCK_VECTORS][UNIT_VECTORS];
  OCTET_UNROLLED for (size_t o = 0; o < count; o++) {
    OCTET_UNROLLED for (size_t l = 0; l < shape.lines; l++) {
      OCTET_UNROLLED for (size_t v = 0; v < UNIT_VECTORS; v++) {
        const int32_t *earlier = units[l].sums + (output + o) * BLOCK_CHANNELS + v * SUM_LANES;
        sums[l][o][v] = shape.continues ? load_vector(earlier) : units[l].initial[v];
      }
    }
    OCTET_UNROLLED for (size_t tap = 0; tap < shape.taps; tap++) {
      const uint8_t *column = columns + (o * shape.output_step + tap * shape.tap_step) * UNIT_BYTES;
      OCTET_UNROLLED for (size_t v = 0; v < UNIT_VECTORS; v++) {
        const step_vector quads = quads_of_bytes(load_vector(column + v * sizeof(sum_vector)));
        OCTET_UNROLLED for (size_t l = 0; l < shape.lines; l++) {
          sums[l][o][v] = add_products(sums[l][o][v], quads, units[l].weights[tap][v]);
        }
      }
    }
  }
  OCTET_UNROLLED for (size_t l = 0; l < shape.lines; l++) {
    i32x16 in_units[OCTET_BLOCK_VECTORS];
    __builtin_memcpy(in_units, sums[l], count * sizeof in_units[0]);
    store_outputs(&units[l], in_units, output, count, shape);
  }
}

/// Up to MOST_TAPS taps, of sixteen channels from `channel` on.
OCTET_INLINE void dot_unit(const octet_depthwise_tile *tile, const octet_depthwise_line *lines, size_t channel,
                           size_t first_tap, depthwise_shape shape) {
  const uint8_t *columns =
      tile->woven + channel / OCTET_CHANNEL_UNIT * tile->unit_step + first_tap * tile->tap_step * UNIT_BYTES;
  depthwise_unit units[OCTET_DEPTHWISE_LINES];
  OCTET_UNROLLED for (size_t l = 0; l < shape.lines; l++) {
    units[l] = load_unit(&lines[l], channel, first_tap, shape);
  }
  const size_t outputs = tile->outputs;
  size_t output = 0;
  for (; output + OCTET_BLOCK_VECTORS <= outputs; output += OCTET_BLOCK_VECTORS) {
    dot_outputs(units, columns, output, OCTET_BLOCK_VECTORS, shape);
  }
  if (output < outputs && outputs >= OCTET_BLOCK_VECTORS && !shape.continues) {
    // Some of them a second time, to the same bytes.
    dot_outputs(units, columns, outputs - OCTET_BLOCK_VECTORS, OCTET_BLOCK_VECTORS, shape);
    return;
  }
  for (; output < outputs; output++) {
    dot_outputs(units, columns, output, 1, shape);
  }
}

/// The taps from `first_tap` on, at most MOST_TAPS, of one unit. What most models have is made of constants.
OCTET_INLINE void dot_taps(const octet_depthwise_tile *tile, const octet_depthwise_line *lines, size_t line_count,
                           size_t channel, size_t first_tap, size_t taps) {
  const bool is_last = first_tap + taps == tile->taps, continues = tile->continues || first_tap > 0;
  const octet_epilogue_kind kind = is_last ? tile->kind : OCTET_EPILOGUE_ANY;
#define OCTET_SHAPE(...) dot_unit(tile, lines, channel, first_tap, (depthwise_shape){__VA_ARGS__})
#define OCTET_SHAPES(taps, continues, full, kind)                                                                      \
  if (tile->output_step == 1) {                                                                                        \
    OCTET_SHAPE(line_count, taps, 1, 1, continues, full, kind);                                                        \
    return;                                                                                                            \
  }                                                                                                                    \
  if (tile->output_step == 2 && line_count == 1) {                                                                     \
    OCTET_SHAPE(1, taps, 2, 1, continues, full, kind);                                                                 \
    return;                                                                                                            \
  }
#if defined(OCTET_VPDPBUSD) || defined(OCTET_VPMADDWD)
  // Plain C gains nothing from code for each shape.
  const bool is_direct = kind == OCTET_EPILOGUE_REQUANTIZE, is_dense = tile->tap_step == 1;
  const bool full = is_direct && lines[0].direct.channels - channel >= OCTET_CHANNEL_UNIT;
  if (is_dense && taps == 3 && !continues && full) {
    OCTET_SHAPES(3, false, true, OCTET_EPILOGUE_REQUANTIZE)
  } else if (is_dense && taps == 5 && line_count == 1 && !continues && !is_direct) {
    OCTET_SHAPES(5, false, false, OCTET_EPILOGUE_ANY)
  } else if (is_dense && taps == 5 && line_count == 1 && continues && full) {
    OCTET_SHAPES(5, true, true, OCTET_EPILOGUE_REQUANTIZE)
  }
#endif
#undef OCTET_SHAPES
#define OCTET_TAPS(count)                                                                                              \
  case count:                                                                                                          \
    for (size_t l = 0; l < line_count; l++, lines++) {                                                                 \
      OCTET_SHAPE(1, count, tile->output_step, tile->tap_step, continues, false, kind);                                \
    }                                                                                                                  \
    break;
  switch (taps) {
    OCTET_TAPS(1)
    OCTET_TAPS(2)
    OCTET_TAPS(3)
    OCTET_TAPS(4)
    OCTET_TAPS(5)
  }
#undef OCTET_TAPS
#undef OCTET_SHAPE
}

/// All taps, up to MOST_TAPS at a time; from the second time on, the sums continue.
OCTET_INLINE void dot_lines(const octet_depthwise_tile *tile, const octet_depthwise_line *lines, size_t line_count) {
  for (size_t tap = 0; tap < tile->taps; tap += MOST_TAPS) {
    const size_t left = tile->taps - tap, taps = left < MOST_TAPS ? left : MOST_TAPS;
    for (size_t unit = 0; unit < tile->units; unit++) {
      dot_taps(tile, lines, line_count, unit * OCTET_CHANNEL_UNIT, tap, taps);
    }
  }
}

/// Defines the kernel `name`, for blocks of BLOCK_CHANNELS channels. Two lines together need 32 registers.
#define OCTET_DEPTHWISE_KERNEL(name)                                                                                   \
  void OCTET_KERNEL_NAME(name)(const octet_depthwise_tile *tile) {                                                     \
    weave_line(tile);                                                                                                  \
    if (OCTET_REGISTER_BYTES == 64 && tile->line_count == 2) {                                                         \
      dot_lines(tile, tile->lines, 2);                                                                                 \
    } else {                                                                                                           \
      for (size_t line = 0; line < tile->line_count; line++) {                                                         \
        dot_lines(tile, &tile->lines[line], 1);                                                                        \
      }                                                                                                                \
    }                                                                                                                  \
  }
