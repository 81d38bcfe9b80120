/// Finishes stored sums by OCTET_EPILOGUE_FLOATS, a row at a time.
///
/// The operations and their order are those of epilogue_body.h, so both write the same bytes. Sums of f32 are not
/// finished in registers: that would be another copy of all this per kernel and row count, for the price of a store and
/// a load that nothing waits for.
#ifndef OCTET_CONVOLUTION_FINISH_FLOATS_H
#define OCTET_CONVOLUTION_FINISH_FLOATS_H

#include "convolution/slice.h"
#include "isa/vector.h"

enum { HALF_LANES = OCTET_LANES / 2 };

typedef float f32x8 __attribute__((ext_vector_type(8)));
typedef int32_t i32x8 __attribute__((ext_vector_type(8)));

/// A row of sums and where it goes.
typedef struct {
  const octet_direct_rows *rows;
  const float *sums;
  const uint8_t *operand;
  uint8_t *output;
} float_row;

/// Writes `count` channels from `channel` on, at most sixteen. Sums, scales and shifts are readable up to a multiple of
/// sixteen.
OCTET_INLINE void finish_floats(float_row row, size_t channel, size_t count, bool sums_are_integers) {
  const octet_direct_rows *rows = row.rows;
  f32x16 v = load_f32(row.sums + channel);
  if (sums_are_integers) {
    v = f32_of_i32(bits_of_f32(v));
  }
  if (rows->scale) {
    v = v * load_f32(rows->scale + channel) + load_f32(rows->shift + channel);
  } else if (rows->middle_scale != 0) {
    v = v * rows->middle_scale + rows->middle_shift;
  }
  if (row.operand) {
    const f32x16 r = load_first_f32((const float *)row.operand + channel, count, 0);
    v = v + (r * rows->operand_scale + rows->operand_shift);
  }
  if (rows->middle_low > -__builtin_inff() || rows->middle_high < __builtin_inff()) {
    v = clamp_f32(v, rows->middle_low, rows->middle_high);
  }
  store_first_f32((float *)row.output + channel, v, count);
}

OCTET_INLINE f32x8 load_half(const void *from) {
  f32x8 v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

/// The same for rows of exactly eight channels: wider loads would wait for more than one store.
OCTET_INLINE void finish_eight(float_row row, bool sums_are_integers) {
  const octet_direct_rows *rows = row.rows;
  f32x8 v = load_half(row.sums);
  if (sums_are_integers) {
    v = __builtin_convertvector((i32x8)v, f32x8);
  }
  if (rows->scale) {
    v = v * load_half(rows->scale) + load_half(rows->shift);
  } else if (rows->middle_scale != 0) {
    v = v * rows->middle_scale + rows->middle_shift;
  }
  if (row.operand) {
    v = v + (load_half(row.operand) * rows->operand_scale + rows->operand_shift);
  }
  if (rows->middle_low > -__builtin_inff() || rows->middle_high < __builtin_inff()) {
    v = v > rows->middle_low ? v : (f32x8)rows->middle_low;
    v = v < rows->middle_high ? v : (f32x8)rows->middle_high;
  }
  __builtin_memcpy(row.output, &v, sizeof v);
}

/// The rows of a tile that a kernel of `width` channels has summed. Not inlined, since every tile of a kernel ends
/// here.
static __attribute__((noinline)) void finish_float_tile(const octet_dot_tile *tile, size_t width,
                                                        bool sums_are_integers) {
  const octet_direct_rows rows = tile->direct;
  float_row row = {&rows, tile->sums, rows.operand, rows.output};
  for (size_t i = 0; i < tile->rows; i++) {
    size_t channel = 0;
    if (rows.channels == HALF_LANES) {
      finish_eight(row, sums_are_integers);
      channel = HALF_LANES;
    }
    for (; channel + OCTET_LANES <= rows.channels; channel += OCTET_LANES) {
      finish_floats(row, channel, OCTET_LANES, sums_are_integers);
    }
    if (channel < rows.channels) {
      finish_floats(row, channel, rows.channels - channel, sums_are_integers);
    }
    row.sums += width;
    row.output += rows.output_stride;
    row.operand = row.operand ? row.operand + rows.operand_stride : NULL;
  }
}

#endif
