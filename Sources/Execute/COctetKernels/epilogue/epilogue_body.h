/// The epilogue, written once in sixteen-lane vectors. Each ISA file includes it between begin and end.
///
/// A block of up to 64 values goes through the whole program in registers: channels of one pixel, or of a few that have
/// no more than that together. The choice of an operation is made once per step and block, and is the same for every
/// block, so the processor predicts it.
#include "octet_epilogue.h"

#include "epilogue/direct.h"
#include "isa/name.h"
#include "isa/vector_unary.h"

enum { BLOCK_VECTORS = 4, BLOCK_CHANNELS = BLOCK_VECTORS * OCTET_LANES };

/// Part of a tile: up to 64 channels from `channel` on, of one row, or of several where that many channels are few.
typedef struct {
  const octet_epilogue_tile *tile;
  /// The first row, and how many there are.
  size_t row, rows, channel;
} epilogue_place;

OCTET_INLINE f32x16 round_f32(f32x16 v) {
  return (v + 12582912.0f) - 12582912.0f;
}

/// How many vectors a block has whose rows have `units`.
OCTET_INLINE size_t vectors_of(size_t units) {
  return BLOCK_VECTORS / units * units;
}

/// Unrolled, so that the vectors of a block are registers. Vector i holds unit i % units of row i / units.
#define OCTET_EACH_VECTOR _Pragma("clang loop unroll(full)") for (size_t i = 0; i < vectors_of(units); i++)

/// The row of vector i. A block that is not full repeats its last row.
OCTET_INLINE size_t row_of(size_t i, size_t units, epilogue_place place) {
  const size_t row = i / units;
  return place.row + (row == 0 || row < place.rows ? row : place.rows - 1);
}

/// From the block's first channel to those of vector i.
OCTET_INLINE size_t channel_of(size_t i, size_t units) {
  return i % units * OCTET_LANES;
}

/// How many channels vector i has: only the last of a row may have fewer than the lanes.
OCTET_INLINE size_t lanes_of(size_t i, size_t units, epilogue_place place) {
  return i % units + 1 < units ? OCTET_LANES : place.tile->channels - place.channel - channel_of(i, units);
}

OCTET_INLINE void load_sums(f32x16 *v, size_t units, epilogue_place place) {
  const float *sums = (const float *)place.tile->sums + place.channel;
  OCTET_EACH_VECTOR {
    const f32x16 sum = load_f32(sums + row_of(i, units, place) * place.tile->row_stride + channel_of(i, units));
    v[i] = place.tile->sums_are_integers ? f32_of_i32(bits_of_f32(sum)) : sum;
  }
}

/// r·a + b for each lane.
OCTET_INLINE void load_operand(f32x16 *r, size_t units, const octet_epilogue_step *step, epilogue_place place) {
  const octet_epilogue_tile *tile = place.tile;
  const size_t stride = tile->strides->operands[step->operand], channel = tile->first_channel + place.channel;
  const uint8_t *first = tile->buffers->operands[step->operand] + tile->first_pixel * stride;
#define OCTET_FROM (first + row_of(i, units, place) * stride)
#define OCTET_CHANNEL (channel + channel_of(i, units))
  switch (step->operand_type) {
  case OCTET_ELEMENT_U8:
    OCTET_EACH_VECTOR {
      r[i] = f32_of_u8(load_first_u8(OCTET_FROM + OCTET_CHANNEL, lanes_of(i, units, place), 0));
    }
    break;
  case OCTET_ELEMENT_I8:
    OCTET_EACH_VECTOR {
      r[i] = f32_of_i8(load_first_u8(OCTET_FROM + OCTET_CHANNEL, lanes_of(i, units, place), 0));
    }
    break;
  case OCTET_ELEMENT_F32:
    OCTET_EACH_VECTOR {
      r[i] = load_first_f32((const float *)OCTET_FROM + OCTET_CHANNEL, lanes_of(i, units, place), 0);
    }
    break;
  }
#undef OCTET_FROM
#undef OCTET_CHANNEL
  OCTET_EACH_VECTOR {
    r[i] = r[i] * step->a + step->b;
  }
}

/// Not inlined: twenty-seven functions would be repeated for every width of block.
static __attribute__((noinline)) void apply_function(f32x16 *v, size_t vectors, const octet_epilogue_step *step) {
  const f32x16 a = step->a, b = step->b;
  switch (step->function) {
#define OCTET_CASE(operation)                                                                                          \
  case operation:                                                                                                      \
    for (size_t i = 0; i < vectors; i++) {                                                                             \
      v[i] = unary_f32(v[i], operation, a, b);                                                                         \
    }                                                                                                                  \
    break;
    OCTET_FOR_EVERY_UNARY_OPERATION(OCTET_CASE)
#undef OCTET_CASE
  }
}

OCTET_INLINE void apply_step(f32x16 *v, size_t units, const octet_epilogue_step *step, epilogue_place place) {
  const size_t channel = place.tile->first_channel + place.channel;
  const f32x16 a = step->a, b = step->b;
  f32x16 r[BLOCK_VECTORS];
  switch (step->operation) {
  case OCTET_SCALE_SHIFT:
    OCTET_EACH_VECTOR {
      const size_t at = channel + channel_of(i, units);
      v[i] = v[i] * load_f32(step->first + at) + load_f32(step->second + at);
    }
    break;
  case OCTET_SCALE_SHIFT_ALL:
    OCTET_EACH_VECTOR {
      v[i] = v[i] * a + b;
    }
    break;
  case OCTET_CLAMP:
    OCTET_EACH_VECTOR {
      v[i] = clamp_f32(v[i], a, b);
    }
    break;
  case OCTET_ROUND_CLAMP:
    OCTET_EACH_VECTOR {
      v[i] = round_f32(clamp_f32(v[i], a, b));
    }
    break;
  case OCTET_ADD_OPERAND:
    load_operand(r, units, step, place);
    OCTET_EACH_VECTOR {
      v[i] = v[i] + r[i];
    }
    break;
  case OCTET_MULTIPLY_OPERAND:
    load_operand(r, units, step, place);
    OCTET_EACH_VECTOR {
      v[i] = v[i] * r[i];
    }
    break;
  case OCTET_LEAKY_RELU:
    OCTET_EACH_VECTOR {
      v[i] = v[i] < 0 ? v[i] * load_f32(step->first + channel + channel_of(i, units)) : v[i];
    }
    break;
  case OCTET_FUNCTION:
    OCTET_EACH_VECTOR {
      r[i] = v[i];
    }
    apply_function(r, vectors_of(units), step);
    OCTET_EACH_VECTOR {
      v[i] = r[i];
    }
    break;
  }
}

/// min(max(v, low), high) of u8 or i8.
OCTET_INLINE u8x16 bounded(u8x16 v, u8x16 low, u8x16 high, bool is_signed) {
  if (is_signed) {
    return (u8x16)__builtin_elementwise_min(__builtin_elementwise_max((i8x16)v, (i8x16)low), (i8x16)high);
  }
  return __builtin_elementwise_min(__builtin_elementwise_max(v, low), high);
}

/// Stores the first `lanes` values of sixteen channels as the bytes that the epilogue writes.
OCTET_INLINE void store_bytes(uint8_t *to, f32x16 v, const octet_epilogue *epilogue, size_t channel, size_t lanes) {
  const bool is_signed = epilogue->output_type == OCTET_ELEMENT_I8;
  const float low = is_signed ? -128.0f : 0.0f;
  const u8x16 bytes = low_bytes(round_clamped_f32(v, low, low + 255));
  store_first_u8(to, bounded(bytes, load_u8(epilogue->low + channel), load_u8(epilogue->high + channel), is_signed),
                 lanes);
}

OCTET_INLINE void store_values(const f32x16 *v, size_t units, const octet_epilogue *epilogue, epilogue_place place) {
  const octet_epilogue_tile *tile = place.tile;
  const size_t channel = tile->first_channel + place.channel, stride = tile->strides->output;
  uint8_t *first = tile->buffers->output + tile->first_pixel * stride;
  OCTET_EACH_VECTOR {
    uint8_t *pixel = first + row_of(i, units, place) * stride;
    const size_t at = channel + channel_of(i, units), lanes = lanes_of(i, units, place);
    if (epilogue->output_type == OCTET_ELEMENT_F32) {
      store_first_f32((float *)pixel + at, v[i], lanes);
    } else {
      store_bytes(pixel + at, v[i], epilogue, at, lanes);
    }
  }
}

#undef OCTET_EACH_VECTOR

/// The rows of one block of channels, of `units` times sixteen.
OCTET_INLINE void run_rows(const octet_epilogue *epilogue, const octet_epilogue_tile *tile, size_t channel,
                           size_t units) {
  const size_t at_once = BLOCK_VECTORS / units;
  for (size_t row = 0; row < tile->rows; row += at_once) {
    const size_t left = tile->rows - row;
    const epilogue_place place = {tile, row, left < at_once ? left : at_once, channel};
    f32x16 v[BLOCK_VECTORS];
    load_sums(v, units, place);
    for (size_t step = 0; step < epilogue->step_count; step++) {
      apply_step(v, units, &epilogue->steps[step], place);
    }
    store_values(v, units, epilogue, place);
  }
}

// MARK: - Activations in front of a quantizer

/// v·scale[c] + shift[c] for the sixteen channels from `channel` on.
OCTET_INLINE f32x16 transformed(f32x16 v, const octet_epilogue_step *step, size_t channel) {
  return v * load_f32(step->first + channel) + load_f32(step->second + channel);
}

/// Whether a program is scaleShift → function → scaleShift → u8: what most activations of quantized networks are.
OCTET_INLINE bool is_activation(const octet_epilogue *epilogue, const octet_epilogue_tile *tile) {
  const octet_epilogue_step *steps = epilogue->steps;
  return epilogue->step_count == 3 && tile->sums_are_integers && epilogue->output_type == OCTET_ELEMENT_U8 &&
         steps[0].operation == OCTET_SCALE_SHIFT && steps[1].operation == OCTET_FUNCTION &&
         steps[2].operation == OCTET_SCALE_SHIFT;
}

/// Values of `count` rows, to be narrowed. What is too large for an s32 would become 0, as what is too small or no
/// number shall.
OCTET_INLINE void store_activations(const octet_direct_rows *rows, const f32x16 *values,
                                    const octet_epilogue_step *last, size_t channel, size_t row, size_t count,
                                    size_t units, bool full) {
  const size_t at_once = OCTET_BLOCK_VECTORS / units;
  for (size_t first = 0; first < count; first += at_once) {
    const size_t together = count - first < at_once ? count - first : at_once;
    f32x16 block[OCTET_BLOCK_VECTORS];
    _Pragma("clang loop unroll(full)") for (size_t i = 0; i < OCTET_BLOCK_VECTORS; i++) {
      // A block that is not full repeats its last row.
      const size_t in_block = i / units < together ? i / units : together - 1, unit = i % units;
      const f32x16 v = transformed(values[(first + in_block) * units + unit], last, channel + unit * OCTET_LANES);
      block[i] = min_f32(255.0f, v);
    }
    store_block(rows, block, row + first, together, units, full);
  }
}

/// Rows of `units` times sixteen channels, a constant, as many at once as fit into `values`: then the function loads
/// its constants once for them.
OCTET_INLINE void run_activation(const octet_epilogue *epilogue, const octet_epilogue_tile *tile, size_t channel,
                                 size_t units) {
  enum { MOST_BLOCKS_AT_ONCE = 8 };
  const octet_epilogue_step *steps = epilogue->steps;
  const size_t at = tile->first_channel + channel, left = tile->channels - channel;
  const size_t stride = tile->strides->output;
  const octet_direct_rows rows = {.low = epilogue->low + at,
                                  .high = epilogue->high + at,
                                  .output = tile->buffers->output + tile->first_pixel * stride + at,
                                  .output_stride = stride,
                                  .channels = left < units * OCTET_LANES ? left : units * OCTET_LANES};
  const size_t rows_at_once = OCTET_BLOCK_VECTORS / units * MOST_BLOCKS_AT_ONCE;
  f32x16 values[MOST_BLOCKS_AT_ONCE * OCTET_BLOCK_VECTORS];
  for (size_t row = 0; row < tile->rows; row += rows_at_once) {
    const size_t count = tile->rows - row < rows_at_once ? tile->rows - row : rows_at_once;
    for (size_t r = 0; r < count; r++) {
      const int32_t *sums = (const int32_t *)tile->sums + (row + r) * tile->row_stride + channel;
      _Pragma("clang loop unroll(full)") for (size_t unit = 0; unit < units; unit++) {
        const f32x16 sum = f32_of_i32((i32x16)load_u32(sums + unit * OCTET_LANES));
        values[r * units + unit] = transformed(sum, &steps[0], at + unit * OCTET_LANES);
      }
    }
    apply_function(values, count * units, &steps[1]);
    if (rows.channels == units * OCTET_LANES) {
      store_activations(&rows, values, &steps[2], at, row, count, units, true);
    } else {
      store_activations(&rows, values, &steps[2], at, row, count, units, false);
    }
  }
}

/// The rows of one block of channels, of `units` times sixteen.
OCTET_INLINE void run_block(const octet_epilogue *epilogue, const octet_epilogue_tile *tile, size_t channel,
                            size_t units) {
  if (is_activation(epilogue, tile)) {
    run_activation(epilogue, tile, channel, units);
  } else {
    run_rows(epilogue, tile, channel, units);
  }
}

void OCTET_KERNEL_NAME(octet_epilogue)(const octet_epilogue *epilogue, const octet_epilogue_tile *tile) {
  for (size_t channel = 0; channel < tile->channels; channel += BLOCK_CHANNELS) {
    switch ((tile->channels - channel + OCTET_LANES - 1) / OCTET_LANES) {
    case 1:
      run_block(epilogue, tile, channel, 1);
      break;
    case 2:
      run_block(epilogue, tile, channel, 2);
      break;
    case 3:
      run_block(epilogue, tile, channel, 3);
      break;
    default:
      run_block(epilogue, tile, channel, BLOCK_VECTORS);
      break;
    }
  }
}
