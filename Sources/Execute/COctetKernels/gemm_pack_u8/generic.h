/// Packs u8 columns as the s8 weights of the convolution kernels, and sums them. Each ISA file includes it between
/// begin and end.
///
/// Sixteen columns by sixteen rows at a time: sixteen registers' worth of quads, whichever way the matrix stands.
#include "octet_gemm.h"

#include "isa/name.h"
#include "isa/vector.h"

enum { BLOCK = 16, QUAD = 4, BLOCK_QUADS = BLOCK / QUAD, S8_OFFSET = 128 };

typedef int16_t i16x32 __attribute__((ext_vector_type(32)));

/// One row of the block, or one column of it. Elements past the matrix count as 0.
OCTET_INLINE u8x16 load_line(const uint8_t *from, size_t index, size_t step, size_t lines, size_t length) {
  return index < lines ? load_first_u8(from + index * step, length, S8_OFFSET) : (u8x16)S8_OFFSET;
}

/// Lane c of quads[q] are the rows 4q ... 4q + 3 of column c. The block starts at `from`.
OCTET_INLINE void load_block(const uint8_t *from, const octet_gemm_columns *columns, size_t rows, u32x16 *quads) {
  for (size_t q = 0; q < BLOCK_QUADS; q++) {
    if (columns->inner_step == 1) {
      // Four columns stand in a vector; quads of them are exchanged below.
      u8x16 lines[QUAD];
      for (size_t i = 0; i < QUAD; i++) {
        lines[i] = load_line(from, i * QUAD + q, columns->column_step, columns->count, rows);
      }
      quads[q] = load_u32(lines);
    } else {
      quads[q] = 0;
      for (size_t i = 0; i < QUAD; i++) {
        const u8x16 line = load_line(from, q * QUAD + i, columns->inner_step, rows, columns->count);
        quads[q] |= __builtin_convertvector(line, u32x16) << (uint32_t)(8 * i);
      }
    }
  }
  if (columns->inner_step == 1) {
    transpose_quads(quads);
  }
}

OCTET_INLINE i32x16 sum_quads(u32x16 quads) {
  const u32x16 pairs = (quads & 0x00FF00FF) + ((quads >> 8) & 0x00FF00FF);
  return (i32x16)((pairs & 0xFFFF) + (pairs >> 16)) - QUAD * S8_OFFSET;
}

/// Σ w0·w1 + w2·w3 of the weights, which kernels of OCTET_WEIGHTS_PAIRS_S16 add to the sums.
OCTET_INLINE i32x16 pair_products(u32x16 quads) {
  const i32x16 first = (i32x16)(quads & 0xFF) - S8_OFFSET, second = (i32x16)((quads >> 8) & 0xFF) - S8_OFFSET;
  const i32x16 third = (i32x16)((quads >> 16) & 0xFF) - S8_OFFSET, fourth = (i32x16)(quads >> 24) - S8_OFFSET;
  return first * second + third * fourth;
}

/// Stores a step's weights of 16 channels, less 128.
OCTET_INLINE void store_quads(octet_weight_format format, uint8_t *to, u32x16 quads) {
  if (format == OCTET_WEIGHTS_QUADS_S8) {
    const u32x16 weights = quads ^ 0x80808080;
    __builtin_memcpy(to, &weights, sizeof weights);
  } else {
    const i16x32 even = (i16x32)(quads & 0x00FF00FF) - S8_OFFSET;
    const i16x32 odd = (i16x32)((quads >> 8) & 0x00FF00FF) - S8_OFFSET;
    __builtin_memcpy(to, &even, sizeof even);
    __builtin_memcpy(to + sizeof even, &odd, sizeof odd);
  }
}

static void pack_unit(const octet_gemm_packing *packing, size_t unit) {
  const octet_gemm_plan *plan = packing->plan;
  const octet_gemm_columns columns = octet_gemm_columns_of(packing, unit);
  const octet_weight_format format = plan->convolution.layout.format;
  const size_t channel_bytes = format == OCTET_WEIGHTS_QUADS_S8 ? 4 : 8, inner = plan->shape.inner;
  const uint8_t *from = (const uint8_t *)packing->right + columns.offset;
  uint8_t *to = columns.panel + columns.channel * channel_bytes;
  i32x16 sums = 0, products = 0;
  for (size_t first = 0; first < inner; first += BLOCK, from += BLOCK * columns.inner_step) {
    const size_t rows = inner - first < BLOCK ? inner - first : BLOCK;
    u32x16 quads[BLOCK_QUADS];
    load_block(from, &columns, rows, quads);
    for (size_t q = 0; q * QUAD < rows; q++, to += columns.width * channel_bytes) {
      sums += sum_quads(quads[q]);
      store_quads(format, to, quads[q]);
      products += format == OCTET_WEIGHTS_PAIRS_S16 ? pair_products(quads[q]) : 0;
    }
  }
  // −z·Σ (b − y), where the sums are of b − 128.
  const int32_t rest = (S8_OFFSET - plan->right_zero_point) * (int32_t)inner;
  const i32x16 initial = (sums + rest) * -plan->left_zero_point - products;
  __builtin_memcpy(packing->initial + unit * OCTET_CHANNEL_UNIT, &initial, sizeof initial);
}

void OCTET_KERNEL_NAME(octet_gemm_pack_u8)(const void *arguments, size_t begin, size_t end) {
  for (size_t unit = begin; unit < end; unit++) {
    pack_unit(arguments, unit);
  }
}
