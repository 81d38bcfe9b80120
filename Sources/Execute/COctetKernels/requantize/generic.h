/// The kernel of octet_requantize.h, once for every instruction set.
#include "isa/name.h"
#include "isa/vector.h"

OCTET_INLINE u8x16 requantize_lanes(const octet_requantize_plan *plan, u8x16 q, f32x16 scale, f32x16 shift,
                                    bool is_signed) {
  const f32x16 x = is_signed ? f32_of_i8(q) : f32_of_u8(q);
  return low_bytes(round_clamped_f32(x * scale + shift, plan->low, plan->high));
}

OCTET_INLINE void requantize_planar(const octet_requantize_arguments *a, size_t begin, size_t end, bool is_signed) {
  const octet_requantize_plan *plan = a->plan;
  const size_t inner = plan->layout.inner, blocks = (inner + OCTET_PLANAR_UNIT - 1) / OCTET_PLANAR_UNIT;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t row = unit / blocks, first = unit % blocks * OCTET_PLANAR_UNIT;
    const size_t last = inner - first < OCTET_PLANAR_UNIT ? inner : first + OCTET_PLANAR_UNIT;
    const f32x16 scale = plan->scale[row % plan->layout.channels], shift = plan->shift[row % plan->layout.channels];
    const uint8_t *source = a->source + row * inner;
    uint8_t *destination = a->destination + row * inner;
    for (size_t i = first; i < last; i += OCTET_LANES) {
      store_first_u8(destination + i, requantize_lanes(plan, load_u8(source + i), scale, shift, is_signed), last - i);
    }
  }
}

OCTET_INLINE void requantize_channels_last(const octet_requantize_arguments *a, size_t begin, size_t end,
                                           bool is_signed) {
  const octet_requantize_plan *plan = a->plan;
  const size_t channels = plan->layout.channels;
  for (size_t pixel = begin; pixel < end; pixel++) {
    const uint8_t *source = a->source + pixel * plan->layout.source_stride;
    uint8_t *destination = a->destination + pixel * plan->layout.destination_stride;
    for (size_t c = 0; c < channels; c += OCTET_LANES) {
      const f32x16 scale = load_f32(plan->scale + c), shift = load_f32(plan->shift + c);
      const u8x16 q = requantize_lanes(plan, load_u8(source + c), scale, shift, is_signed);
      store_first_u8(destination + c, q, channels - c);
    }
  }
}

OCTET_INLINE void requantize(const octet_requantize_arguments *a, size_t begin, size_t end, bool is_signed) {
  if (a->plan->layout.change == OCTET_PLANAR_TO_PLANAR) {
    requantize_planar(a, begin, end, is_signed);
  } else {
    requantize_channels_last(a, begin, end, is_signed);
  }
}

void OCTET_KERNEL_NAME(octet_requantize_u8)(const void *arguments, size_t begin, size_t end) {
  const octet_requantize_arguments *a = arguments;
  if (a->plan->is_signed) {
    requantize(a, begin, end, true);
  } else {
    requantize(a, begin, end, false);
  }
}
