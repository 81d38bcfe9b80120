/// The epilogue, written once in sixteen-lane vectors. Each ISA file includes it between begin and end.
///
/// A block of up to 64 channels of one pixel goes through the whole program in registers. The choice of an operation
/// is made once per step and block, and is the same for every block, so the processor predicts it.
#include "isa/name.h"
#include "isa/vector.h"
#include "octet_epilogue.h"

enum { BLOCK_VECTORS = 4, BLOCK_CHANNELS = BLOCK_VECTORS * OCTET_LANES };

/// One row of a tile, from `channel` on.
typedef struct {
  const octet_epilogue_tile *tile;
  size_t row, channel;
} epilogue_place;

OCTET_INLINE f32x16 round_f32(f32x16 v) {
  return (v + 12582912.0f) - 12582912.0f;
}

OCTET_INLINE f32x16 load_element(const uint8_t *from, octet_element type, size_t count) {
  switch (type) {
  case OCTET_ELEMENT_U8:
    return f32_of_u8(load_first_u8(from, count, 0));
  case OCTET_ELEMENT_I8:
    return f32_of_i8(load_first_u8(from, count, 0));
  case OCTET_ELEMENT_F32:
    return load_first_f32((const float *)from, count, 0);
  }
  return 0;
}

OCTET_INLINE size_t channels_left(epilogue_place place, size_t vector) {
  return place.tile->channels - place.channel - vector * OCTET_LANES;
}

OCTET_INLINE void load_sums(f32x16 *v, size_t vectors, epilogue_place place) {
  const size_t first = place.row * place.tile->row_stride + place.channel;
  for (size_t i = 0; i < vectors; i++) {
    const f32x16 sums = load_f32((const float *)place.tile->sums + first + i * OCTET_LANES);
    v[i] = place.tile->sums_are_integers ? f32_of_i32(bits_of_f32(sums)) : sums;
  }
}

/// r·a + b for each lane.
OCTET_INLINE void load_operand(f32x16 *r, size_t vectors, const octet_epilogue_step *step, epilogue_place place) {
  const octet_epilogue_tile *tile = place.tile;
  const size_t pixel = (tile->first_pixel + place.row) * tile->strides->operands[step->operand];
  for (size_t i = 0; i < vectors; i++) {
    const size_t channel = tile->first_channel + place.channel + i * OCTET_LANES;
    const uint8_t *from =
        tile->buffers->operands[step->operand] + pixel + channel * octet_element_bytes(step->operand_type);
    r[i] = load_element(from, step->operand_type, channels_left(place, i)) * step->a + step->b;
  }
}

#define OCTET_EACH_VECTOR(...)                                                                                         \
  for (size_t i = 0; i < vectors; i++) {                                                                               \
    v[i] = __VA_ARGS__;                                                                                                \
  }                                                                                                                    \
  break

OCTET_INLINE void apply_step(f32x16 *v, size_t vectors, const octet_epilogue_step *step, epilogue_place place) {
  const size_t channel = place.tile->first_channel + place.channel;
  const f32x16 a = step->a, b = step->b;
  f32x16 r[BLOCK_VECTORS];
  switch (step->operation) {
  case OCTET_SCALE_SHIFT:
    OCTET_EACH_VECTOR(v[i] * load_f32(step->first + channel + i * OCTET_LANES) +
                      load_f32(step->second + channel + i * OCTET_LANES));
  case OCTET_SCALE_SHIFT_ALL:
    OCTET_EACH_VECTOR(v[i] * a + b);
  case OCTET_CLAMP:
    OCTET_EACH_VECTOR(clamp_f32(v[i], a, b));
  case OCTET_ROUND_CLAMP:
    OCTET_EACH_VECTOR(round_f32(clamp_f32(v[i], a, b)));
  case OCTET_ADD_OPERAND:
    load_operand(r, vectors, step, place);
    OCTET_EACH_VECTOR(v[i] + r[i]);
  case OCTET_MULTIPLY_OPERAND:
    load_operand(r, vectors, step, place);
    OCTET_EACH_VECTOR(v[i] * r[i]);
  case OCTET_LEAKY_RELU:
    OCTET_EACH_VECTOR(v[i] < 0 ? v[i] * load_f32(step->first + channel + i * OCTET_LANES) : v[i]);
  case OCTET_HARD_SIGMOID:
    OCTET_EACH_VECTOR(clamp_f32(v[i] * a + b, 0, 1));
  case OCTET_HARD_SWISH:
    OCTET_EACH_VECTOR(v[i] * (clamp_f32(v[i] + 3.0f, 0, 6) * (1.0f / 6.0f)));
  }
}

#undef OCTET_EACH_VECTOR

OCTET_INLINE void store_block(const f32x16 *v, size_t vectors, const octet_epilogue *epilogue, epilogue_place place) {
  const octet_epilogue_tile *tile = place.tile;
  uint8_t *pixel = tile->buffers->output + (tile->first_pixel + place.row) * tile->strides->output;
  for (size_t i = 0; i < vectors; i++) {
    const size_t channel = tile->first_channel + place.channel + i * OCTET_LANES, count = channels_left(place, i);
    if (epilogue->output_type == OCTET_ELEMENT_F32) {
      store_first_f32((float *)pixel + channel, v[i], count);
    } else {
      store_first_u8(pixel + channel, low_bytes(round_clamped_f32(v[i], epilogue->low, epilogue->high)), count);
    }
  }
}

OCTET_INLINE void run_block(const octet_epilogue *epilogue, epilogue_place place, size_t vectors) {
  f32x16 v[BLOCK_VECTORS];
  load_sums(v, vectors, place);
  for (size_t step = 0; step < epilogue->step_count; step++) {
    apply_step(v, vectors, &epilogue->steps[step], place);
  }
  store_block(v, vectors, epilogue, place);
}

void OCTET_KERNEL_NAME(octet_epilogue)(const octet_epilogue *epilogue, const octet_epilogue_tile *tile) {
  size_t channel = 0;
  for (; channel + BLOCK_CHANNELS <= tile->channels; channel += BLOCK_CHANNELS) {
    for (size_t row = 0; row < tile->rows; row++) {
      run_block(epilogue, (epilogue_place){tile, row, channel}, BLOCK_VECTORS);
    }
  }
  for (; channel < tile->channels; channel += OCTET_LANES) {
    for (size_t row = 0; row < tile->rows; row++) {
      run_block(epilogue, (epilogue_place){tile, row, channel}, 1);
    }
  }
}
