/// Finishes sums that are still in registers by one of the programs that most layers have, octet_epilogue_kind.
///
/// The operations and their order are those of epilogue_body.h, so both write the same bytes. Sixty-four values are
/// narrowed and stored together: a row of 64 channels, two of 32, or four of 16.
#ifndef OCTET_EPILOGUE_DIRECT_H
#define OCTET_EPILOGUE_DIRECT_H

#include "isa/narrow.h"
#include "isa/vector_pieces.h"
#include "octet_epilogue.h"

/// roundHalfEven(v), for |v| < 2^22.
OCTET_INLINE f32x16 round_even_f32(f32x16 v) {
#ifdef OCTET_ISA_ROUNDS
  return __builtin_elementwise_roundeven(v);
#else
  return (v + 12582912.0f) - 12582912.0f;
#endif
}

/// sums · scale + shift
OCTET_INLINE f32x16 scaled_sums(const octet_direct_rows *rows, i32x16 sums, size_t unit) {
  const f32x16 scale = load_f32(rows->scale + unit * OCTET_LANES), shift = load_f32(rows->shift + unit * OCTET_LANES);
  return f32_of_i32(sums) * scale + shift;
}

/// What follows in a residual block: first the branch's own quantizer.
OCTET_INLINE f32x16 requantize_branch(const octet_direct_rows *rows, f32x16 v) {
  return round_even_f32(clamp_f32(v, rows->middle_low, rows->middle_high));
}

/// Then the other branch. `row` counts from the first.
OCTET_INLINE f32x16 add_operand(const octet_direct_rows *rows, f32x16 v, size_t row, size_t unit, bool is_scaled) {
  if (is_scaled) {
    v = v * rows->middle_scale + rows->middle_shift;
  }
  const f32x16 r = f32_of_u8(load_u8(rows->operand + row * rows->operand_stride + unit * OCTET_LANES));
  return v + (r * rows->operand_scale + rows->operand_shift);
}

/// What follows the function of an activation. What is too large for an s32 would become 0, as what is too small or no
/// number shall.
OCTET_INLINE f32x16 activate(const octet_direct_rows *rows, f32x16 v, size_t unit) {
  const f32x16 y = risen_f32(v, rows->function_scale, rows->function);
  const f32x16 scale = load_f32(rows->last_scale + unit * OCTET_LANES);
  return min_f32(255.0f, y * scale + load_f32(rows->last_shift + unit * OCTET_LANES));
}

/// Stores sixteen bytes, of which lane `lane` is a constant wherever this is inlined.
OCTET_INLINE void store_lane(uint8_t *to, u8x64 bytes, size_t lane) {
  switch (lane) {
  case 0:
    store_u8(to, __builtin_shufflevector(bytes, bytes, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    break;
  case 1:
    store_u8(to, __builtin_shufflevector(bytes, bytes, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31));
    break;
  case 2:
    store_u8(to, __builtin_shufflevector(bytes, bytes, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47));
    break;
  default:
    store_u8(to, __builtin_shufflevector(bytes, bytes, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63));
    break;
  }
}

/// Stores `count` rows of `units` times sixteen bytes from row `row` on. Rows that are not `full` may have fewer
/// channels.
OCTET_INLINE void store_rows(const octet_direct_rows *rows, u8x64 bytes, size_t row, size_t count, size_t units,
                             bool full) {
  const size_t width = units * OCTET_LANES, stride = rows->output_stride;
  uint8_t *to = rows->output + row * stride;
  if (!full) {
    uint8_t pieces[sizeof bytes];
    __builtin_memcpy(pieces, &bytes, sizeof bytes);
    for (size_t i = 0; i < count; i++) {
      if (rows->channels >= sizeof bytes) {
        __builtin_memcpy(to + i * stride, pieces + i * width, sizeof bytes);
      } else {
        copy_short(to + i * stride, pieces + i * width, rows->channels);
      }
    }
    return;
  }
  if (count * width == sizeof bytes && (count == 1 || stride == width)) {
    __builtin_memcpy(to, &bytes, sizeof bytes);
    return;
  }
  _Pragma("clang loop unroll(full)") for (size_t lane = 0; lane < count * units; lane++) {
    store_lane(to + lane / units * stride + lane % units * OCTET_LANES, bytes, lane);
  }
}

/// The bytes of their channels for the vectors of a block, the first of which is number `first` of rows of `units`.
OCTET_INLINE u8x64 bytes_of_block(const uint8_t *of_channels, size_t first, size_t units) {
  u8x64 bytes;
  if (units == OCTET_BLOCK_VECTORS) {
    __builtin_memcpy(&bytes, of_channels, sizeof bytes);
    return bytes;
  }
  u8x16 of_vector[OCTET_BLOCK_VECTORS];
  _Pragma("clang loop unroll(full)") for (size_t i = 0; i < OCTET_BLOCK_VECTORS; i++) {
    of_vector[i] = load_u8(of_channels + (first + i) % units * OCTET_LANES);
  }
  __builtin_memcpy(&bytes, of_vector, sizeof bytes);
  return bytes;
}

/// The bytes that a block is stored as, the first vector of which is number `first` of rows of `units`.
OCTET_INLINE u8x64 narrow_bounded(const octet_direct_rows *rows, const f32x16 block[OCTET_BLOCK_VECTORS], size_t first,
                                  size_t units) {
  // On bytes the bounds cost one operation per block.
  const u8x64 bytes = __builtin_elementwise_max(narrow_f32(block), bytes_of_block(rows->low, first, units));
  return __builtin_elementwise_min(bytes, bytes_of_block(rows->high, first, units));
}

/// Narrows and stores `count` rows of `units` times sixteen values, a block at the most.
OCTET_INLINE void store_block(const octet_direct_rows *rows, const f32x16 block[OCTET_BLOCK_VECTORS], size_t row,
                              size_t count, size_t units, bool full) {
  store_rows(rows, narrow_bounded(rows, block, 0, units), row, count, units, full);
}

/// A value's way from its sum to what is narrowed.
OCTET_INLINE f32x16 finish_unit(const octet_direct_rows *rows, i32x16 sums, size_t row, size_t unit,
                                octet_epilogue_kind kind) {
  const f32x16 v = scaled_sums(rows, sums, unit);
  if (kind == OCTET_EPILOGUE_REQUANTIZE) {
    return v;
  }
  if (kind == OCTET_EPILOGUE_ACTIVATION) {
    return activate(rows, v, unit);
  }
  return add_operand(rows, requantize_branch(rows, v), row, unit, kind == OCTET_EPILOGUE_SCALED_RESIDUAL);
}

/// Finishes `count` rows of `units` times sixteen channels: sums[row · units + unit]. Both and `kind` are constants
/// wherever this is inlined.
OCTET_INLINE void finish_rows(const octet_direct_rows *rows, const i32x16 *sums, size_t count, size_t units,
                              octet_epilogue_kind kind) {
  const size_t at_once = OCTET_BLOCK_VECTORS / units;
  _Pragma("clang loop unroll(full)") for (size_t first = 0; first < count; first += at_once) {
    const size_t together = count - first < at_once ? count - first : at_once;
    f32x16 block[OCTET_BLOCK_VECTORS];
    _Pragma("clang loop unroll(full)") for (size_t i = 0; i < OCTET_BLOCK_VECTORS; i++) {
      // A block that is not full repeats its last row.
      const size_t row = first + (i / units < together ? i / units : together - 1), unit = i % units;
      block[i] = finish_unit(rows, sums[row * units + unit], row, unit, kind);
    }
    store_block(rows, block, first, together, units, true);
  }
}

/// The same for rows of any channels up to those of `units`, with sums in memory and any `count`.
OCTET_INLINE void finish_partial_rows(const octet_direct_rows *rows, const int32_t *sums, size_t count, size_t units,
                                      octet_epilogue_kind kind) {
  const size_t at_once = OCTET_BLOCK_VECTORS / units;
  for (size_t first = 0; first < count; first += at_once) {
    const size_t together = count - first < at_once ? count - first : at_once;
    f32x16 block[OCTET_BLOCK_VECTORS];
    _Pragma("clang loop unroll(full)") for (size_t i = 0; i < OCTET_BLOCK_VECTORS; i++) {
      const size_t row = first + (i / units < together ? i / units : together - 1), unit = i % units;
      const u32x16 in_unit = load_u32(sums + (row * units + unit) * OCTET_LANES);
      block[i] = finish_unit(rows, (i32x16)in_unit, row, unit, kind);
    }
    store_block(rows, block, first, together, units, false);
  }
}

#endif
