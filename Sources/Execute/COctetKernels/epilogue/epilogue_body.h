/// The epilogue, written once in sixteen-lane vectors. Each ISA file includes it between begin and end.
///
/// A block of up to 64 channels of one pixel goes through the whole program in registers. The choice of an operation
/// is made once per step and block, and is the same for every block, so the processor predicts it.
#include "octet_epilogue.h"

#include "isa/name.h"
#include "isa/vector_unary.h"

enum { BLOCK_VECTORS = 4, BLOCK_CHANNELS = BLOCK_VECTORS * OCTET_LANES };

/// One row of a tile, from `channel` on.
typedef struct {
  const octet_epilogue_tile *tile;
  size_t row, channel;
} epilogue_place;

OCTET_INLINE f32x16 round_f32(f32x16 v) {
  return (v + 12582912.0f) - 12582912.0f;
}

/// Unrolled, so that the vectors of a block are registers.
#define OCTET_EACH_VECTOR _Pragma("clang loop unroll(full)") for (size_t i = 0; i < vectors; i++)

/// How many channels vector i of a block has: only the last may have fewer than the lanes.
OCTET_INLINE size_t lanes_of(size_t i, size_t vectors, epilogue_place place) {
  return i + 1 < vectors ? OCTET_LANES : place.tile->channels - place.channel - i * OCTET_LANES;
}

OCTET_INLINE void load_sums(f32x16 *v, size_t vectors, epilogue_place place) {
  const float *sums = (const float *)place.tile->sums + place.row * place.tile->row_stride + place.channel;
  OCTET_EACH_VECTOR {
    const f32x16 sum = load_f32(sums + i * OCTET_LANES);
    v[i] = place.tile->sums_are_integers ? f32_of_i32(bits_of_f32(sum)) : sum;
  }
}

/// r·a + b for each lane.
OCTET_INLINE void load_operand(f32x16 *r, size_t vectors, const octet_epilogue_step *step, epilogue_place place) {
  const octet_epilogue_tile *tile = place.tile;
  const size_t pixel = (tile->first_pixel + place.row) * tile->strides->operands[step->operand];
  const uint8_t *from = tile->buffers->operands[step->operand] + pixel;
  const size_t channel = tile->first_channel + place.channel;
  switch (step->operand_type) {
  case OCTET_ELEMENT_U8:
    OCTET_EACH_VECTOR {
      r[i] = f32_of_u8(load_first_u8(from + channel + i * OCTET_LANES, lanes_of(i, vectors, place), 0));
    }
    break;
  case OCTET_ELEMENT_I8:
    OCTET_EACH_VECTOR {
      r[i] = f32_of_i8(load_first_u8(from + channel + i * OCTET_LANES, lanes_of(i, vectors, place), 0));
    }
    break;
  case OCTET_ELEMENT_F32:
    OCTET_EACH_VECTOR {
      r[i] = load_first_f32((const float *)from + channel + i * OCTET_LANES, lanes_of(i, vectors, place), 0);
    }
    break;
  }
  OCTET_EACH_VECTOR {
    r[i] = r[i] * step->a + step->b;
  }
}

/// Not inlined: twenty-seven functions would be repeated for every width of block.
static __attribute__((noinline)) void apply_function(f32x16 *v, size_t vectors, const octet_epilogue_step *step) {
  for (size_t i = 0; i < vectors; i++) {
    v[i] = unary_f32(v[i], step->function, step->a, step->b);
  }
}

OCTET_INLINE void apply_step(f32x16 *v, size_t vectors, const octet_epilogue_step *step, epilogue_place place) {
  const size_t channel = place.tile->first_channel + place.channel;
  const f32x16 a = step->a, b = step->b;
  f32x16 r[BLOCK_VECTORS];
  switch (step->operation) {
  case OCTET_SCALE_SHIFT:
    OCTET_EACH_VECTOR {
      const size_t at = channel + i * OCTET_LANES;
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
    load_operand(r, vectors, step, place);
    OCTET_EACH_VECTOR {
      v[i] = v[i] + r[i];
    }
    break;
  case OCTET_MULTIPLY_OPERAND:
    load_operand(r, vectors, step, place);
    OCTET_EACH_VECTOR {
      v[i] = v[i] * r[i];
    }
    break;
  case OCTET_LEAKY_RELU:
    OCTET_EACH_VECTOR {
      v[i] = v[i] < 0 ? v[i] * load_f32(step->first + channel + i * OCTET_LANES) : v[i];
    }
    break;
  case OCTET_FUNCTION:
    OCTET_EACH_VECTOR {
      r[i] = v[i];
    }
    apply_function(r, vectors, step);
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

OCTET_INLINE void store_block(const f32x16 *v, size_t vectors, const octet_epilogue *epilogue, epilogue_place place) {
  const octet_epilogue_tile *tile = place.tile;
  uint8_t *pixel = tile->buffers->output + (tile->first_pixel + place.row) * tile->strides->output;
  const size_t channel = tile->first_channel + place.channel;
  if (epilogue->output_type == OCTET_ELEMENT_F32) {
    OCTET_EACH_VECTOR {
      store_first_f32((float *)pixel + channel + i * OCTET_LANES, v[i], lanes_of(i, vectors, place));
    }
    return;
  }
  const bool is_signed = epilogue->output_type == OCTET_ELEMENT_I8;
  const float low = is_signed ? -128.0f : 0.0f;
  OCTET_EACH_VECTOR {
    const size_t at = channel + i * OCTET_LANES;
    u8x16 bytes = low_bytes(round_clamped_f32(v[i], low, low + 255));
    bytes = bounded(bytes, load_u8(epilogue->low + at), load_u8(epilogue->high + at), is_signed);
    store_first_u8(pixel + at, bytes, lanes_of(i, vectors, place));
  }
}

#undef OCTET_EACH_VECTOR

/// The rows of one block of channels.
OCTET_INLINE void run_rows(const octet_epilogue *epilogue, const octet_epilogue_tile *tile, size_t channel,
                           size_t vectors) {
  for (size_t row = 0; row < tile->rows; row++) {
    const epilogue_place place = {tile, row, channel};
    f32x16 v[BLOCK_VECTORS];
    load_sums(v, vectors, place);
    for (size_t step = 0; step < epilogue->step_count; step++) {
      apply_step(v, vectors, &epilogue->steps[step], place);
    }
    store_block(v, vectors, epilogue, place);
  }
}

void OCTET_KERNEL_NAME(octet_epilogue)(const octet_epilogue *epilogue, const octet_epilogue_tile *tile) {
  for (size_t channel = 0; channel < tile->channels; channel += BLOCK_CHANNELS) {
    switch ((tile->channels - channel + OCTET_LANES - 1) / OCTET_LANES) {
    case 1:
      run_rows(epilogue, tile, channel, 1);
      break;
    case 2:
      run_rows(epilogue, tile, channel, 2);
      break;
    case 3:
      run_rows(epilogue, tile, channel, 3);
      break;
    default:
      run_rows(epilogue, tile, channel, BLOCK_VECTORS);
      break;
    }
  }
}
