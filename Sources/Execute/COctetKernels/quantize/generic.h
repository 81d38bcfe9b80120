/// The kernel of octet_quantize.h, once for every instruction set.
#include "isa/name.h"
#include "isa/vector.h"

OCTET_INLINE i32x16 quantize_lanes(const octet_quantize_plan *plan, f32x16 x, f32x16 scale, f32x16 shift) {
  return round_clamped_f32(x * scale + shift, plan->low, plan->high) + plan->offset;
}

static void quantize_planar(const octet_quantize_arguments *a, size_t begin, size_t end) {
  const octet_quantize_plan *plan = a->plan;
  const size_t inner = plan->layout.inner, blocks = (inner + OCTET_PLANAR_UNIT - 1) / OCTET_PLANAR_UNIT;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t row = unit / blocks, first = unit % blocks * OCTET_PLANAR_UNIT;
    const size_t last = inner - first < OCTET_PLANAR_UNIT ? inner : first + OCTET_PLANAR_UNIT;
    const f32x16 scale = plan->scale[row % plan->layout.channels], shift = plan->shift[row % plan->layout.channels];
    const float *source = a->source + row * inner;
    uint8_t *destination = a->destination + row * inner;
    for (size_t i = first; i < last; i += OCTET_LANES) {
      const i32x16 q = quantize_lanes(plan, load_f32(source + i), scale, shift);
      store_first_u8(destination + i, low_bytes(q), last - i);
    }
  }
}

static void quantize_channels_last(const octet_quantize_arguments *a, size_t begin, size_t end) {
  const octet_quantize_plan *plan = a->plan;
  const size_t channels = plan->layout.channels;
  for (size_t pixel = begin; pixel < end; pixel++) {
    const float *source = a->source + pixel * plan->layout.source_stride;
    uint8_t *destination = a->destination + pixel * plan->layout.destination_stride;
    for (size_t c = 0; c < channels; c += OCTET_LANES) {
      const i32x16 q = quantize_lanes(plan, load_f32(source + c), load_f32(plan->scale + c), load_f32(plan->shift + c));
      store_first_u8(destination + c, low_bytes(q), channels - c);
    }
  }
}

/// Sixteen pixels of up to four channels: a lane holds the bytes of one pixel, the first channel lowest.
OCTET_INLINE u32x16 quantize_quad(const octet_quantize_plan *plan, const float *source, size_t channel, size_t count) {
  u32x16 quad = 0;
  for (size_t k = 0; k < count; k++) {
    const i32x16 q = quantize_lanes(plan, load_f32(source + (channel + k) * plan->layout.inner),
                                    plan->scale[channel + k], plan->shift[channel + k]);
    quad |= ((u32x16)q & 0xFFu) << (unsigned)(8 * k);
  }
  return quad;
}

/// Writes `width` <= 4 bytes per pixel from the lanes of one quad.
OCTET_INLINE void store_narrow_pixels(uint8_t *destination, size_t stride, u32x16 quad, size_t pixels, size_t width) {
  if (width == 4 && stride == 4 && pixels == OCTET_LANES) {
    __builtin_memcpy(destination, &quad, sizeof quad);
    return;
  }
  uint32_t lanes[OCTET_LANES];
  __builtin_memcpy(lanes, &quad, sizeof quad);
  // A dense pixel of three bytes is written as four: the next pixel overwrites the fourth, but for the last one.
  const size_t whole = width == 4 ? pixels : width == 3 && stride == 3 ? pixels - 1 : 0;
  for (size_t p = 0; p < whole; p++) {
    __builtin_memcpy(destination + p * stride, &lanes[p], 4);
  }
  for (size_t p = whole; p < pixels; p++) {
    copy_short(destination + p * stride, &lanes[p], width);
  }
}

/// Writes `width` <= 16 bytes per pixel from four quads.
OCTET_INLINE void store_wide_pixels(uint8_t *destination, size_t stride, u32x16 quads[4], size_t pixels, size_t width) {
  transpose_quads(quads);
  uint8_t bytes[4][64];
  __builtin_memcpy(bytes, quads, sizeof bytes);
  if (width == 16 && pixels == OCTET_LANES) {
    for (size_t p = 0; p < OCTET_LANES; p++) {
      __builtin_memcpy(destination + p * stride, bytes[p % 4] + p / 4 * 16, 16);
    }
    return;
  }
  for (size_t p = 0; p < pixels; p++) {
    copy_short(destination + p * stride, bytes[p % 4] + p / 4 * 16, width);
  }
}

static void quantize_to_channels_last(const octet_quantize_arguments *a, size_t begin, size_t end) {
  const octet_quantize_plan *plan = a->plan;
  const octet_layout_plan *layout = &plan->layout;
  const size_t inner = layout->inner, blocks = (inner + OCTET_PIXEL_UNIT - 1) / OCTET_PIXEL_UNIT;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t image = unit / blocks, pixel = unit % blocks * OCTET_PIXEL_UNIT;
    const size_t pixels = inner - pixel < OCTET_PIXEL_UNIT ? inner - pixel : OCTET_PIXEL_UNIT;
    const float *source = a->source + image * layout->channels * inner + pixel;
    uint8_t *destination = a->destination + (image * inner + pixel) * layout->destination_stride;
    for (size_t c = 0; c < plan->written; c += 16) {
      const size_t width = plan->written - c < 16 ? plan->written - c : 16;
      const size_t count = c >= layout->channels ? 0 : layout->channels - c;
      u32x16 quads[4];
      if (count >= 16) {
        for (size_t k = 0; k < 4; k++) {
          quads[k] = quantize_quad(plan, source, c + 4 * k, 4);
        }
      } else {
        for (size_t k = 0; k < 4; k++) {
          const size_t left = count < 4 * k ? 0 : count - 4 * k;
          quads[k] = quantize_quad(plan, source, c + 4 * k, left < 4 ? left : 4);
        }
      }
      if (width <= 4) {
        store_narrow_pixels(destination + c, layout->destination_stride, quads[0], pixels, width);
      } else {
        store_wide_pixels(destination + c, layout->destination_stride, quads, pixels, width);
      }
    }
  }
}

void OCTET_KERNEL_NAME(octet_quantize_f32)(const void *arguments, size_t begin, size_t end) {
  const octet_quantize_arguments *a = arguments;
  switch (a->plan->layout.change) {
  case OCTET_PLANAR_TO_PLANAR:
    quantize_planar(a, begin, end);
    break;
  case OCTET_PLANAR_TO_CHANNELS_LAST:
    quantize_to_channels_last(a, begin, end);
    break;
  case OCTET_CHANNELS_LAST_TO_CHANNELS_LAST:
    quantize_channels_last(a, begin, end);
    break;
  case OCTET_CHANNELS_LAST_TO_PLANAR:
    __builtin_unreachable();
  }
}
