/// The kernel of octet_dequantize.h, once for every instruction set.
#include "isa/name.h"
#include "isa/vector.h"

OCTET_INLINE f32x16 f32_of_bytes(u8x16 bytes, bool is_signed) {
  return is_signed ? f32_of_i8(bytes) : f32_of_u8(bytes);
}

OCTET_INLINE f32x16 dequantize_lanes(const octet_dequantize_plan *plan, f32x16 x, f32x16 scale, f32x16 shift) {
  return clamp_f32(x * scale + shift, plan->minimum, plan->maximum);
}

OCTET_INLINE void dequantize_planar(const octet_dequantize_arguments *a, size_t begin, size_t end, bool is_signed) {
  const octet_dequantize_plan *plan = a->plan;
  const size_t inner = plan->layout.inner, blocks = (inner + OCTET_PLANAR_UNIT - 1) / OCTET_PLANAR_UNIT;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t row = unit / blocks, first = unit % blocks * OCTET_PLANAR_UNIT;
    const size_t last = inner - first < OCTET_PLANAR_UNIT ? inner : first + OCTET_PLANAR_UNIT;
    const f32x16 scale = plan->scale[row % plan->layout.channels], shift = plan->shift[row % plan->layout.channels];
    const uint8_t *source = a->source + row * inner;
    float *destination = a->destination + row * inner;
    for (size_t i = first; i < last; i += OCTET_LANES) {
      const f32x16 x = f32_of_bytes(load_u8(source + i), is_signed);
      store_first_f32(destination + i, dequantize_lanes(plan, x, scale, shift), last - i);
    }
  }
}

OCTET_INLINE void dequantize_channels_last(const octet_dequantize_arguments *a, size_t begin, size_t end,
                                           bool is_signed) {
  const octet_dequantize_plan *plan = a->plan;
  const size_t channels = plan->layout.channels;
  for (size_t pixel = begin; pixel < end; pixel++) {
    const uint8_t *source = a->source + pixel * plan->layout.source_stride;
    float *destination = a->destination + pixel * plan->layout.destination_stride;
    for (size_t c = 0; c < channels; c += OCTET_LANES) {
      const f32x16 x = f32_of_bytes(load_u8(source + c), is_signed);
      const f32x16 scale = load_f32(plan->scale + c), shift = load_f32(plan->shift + c);
      store_first_f32(destination + c, dequantize_lanes(plan, x, scale, shift), channels - c);
    }
  }
}

/// Reads sixteen channels of sixteen pixels: quads[k] holds four channels of each pixel, the first channel lowest.
/// Past the last pixel that pixel is read again.
OCTET_INLINE void load_pixels(const uint8_t *source, size_t stride, size_t pixels, size_t channels, u32x16 quads[4]) {
  const size_t last = pixels - 1;
  if (channels <= 4) {
    uint32_t lanes[OCTET_LANES];
    for (size_t p = 0; p < OCTET_LANES; p++) {
      __builtin_memcpy(&lanes[p], source + (p < last ? p : last) * stride, 4);
    }
    quads[0] = load_u32(lanes);
    return;
  }
  uint8_t bytes[4][64];
  for (size_t p = 0; p < OCTET_LANES; p++) {
    __builtin_memcpy(bytes[p % 4] + p / 4 * 16, source + (p < last ? p : last) * stride, 16);
  }
  __builtin_memcpy(quads, bytes, sizeof bytes);
  transpose_quads(quads);
}

/// Byte `k` of every lane.
OCTET_INLINE f32x16 f32_of_quad(u32x16 quad, unsigned k, bool is_signed) {
  return is_signed ? f32_of_i32((i32x16)(quad << (24 - 8 * k)) >> 24) : f32_of_i32((i32x16)(quad >> (8 * k) & 0xFFu));
}

OCTET_INLINE void dequantize_to_planar(const octet_dequantize_arguments *a, size_t begin, size_t end, bool is_signed) {
  const octet_dequantize_plan *plan = a->plan;
  const octet_layout_plan *layout = &plan->layout;
  const size_t inner = layout->inner, blocks = (inner + OCTET_PIXEL_UNIT - 1) / OCTET_PIXEL_UNIT;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t image = unit / blocks, pixel = unit % blocks * OCTET_PIXEL_UNIT;
    const size_t pixels = inner - pixel < OCTET_PIXEL_UNIT ? inner - pixel : OCTET_PIXEL_UNIT;
    const uint8_t *source = a->source + (image * inner + pixel) * layout->source_stride;
    float *destination = a->destination + image * layout->channels * inner + pixel;
    for (size_t first = 0; first < layout->channels; first += 16) {
      const size_t channels = layout->channels - first < 16 ? layout->channels - first : 16;
      u32x16 quads[4];
      load_pixels(source + first, layout->source_stride, pixels, channels, quads);
      for (size_t k = 0; k < channels; k++) {
        const f32x16 x = f32_of_quad(quads[k / 4], k % 4, is_signed);
        const f32x16 y = dequantize_lanes(plan, x, plan->scale[first + k], plan->shift[first + k]);
        store_first_f32(destination + (first + k) * inner, y, pixels);
      }
    }
  }
}

OCTET_INLINE void dequantize(const octet_dequantize_arguments *a, size_t begin, size_t end, bool is_signed) {
  switch (a->plan->layout.change) {
  case OCTET_PLANAR_TO_PLANAR:
    dequantize_planar(a, begin, end, is_signed);
    break;
  case OCTET_CHANNELS_LAST_TO_PLANAR:
    dequantize_to_planar(a, begin, end, is_signed);
    break;
  case OCTET_CHANNELS_LAST_TO_CHANNELS_LAST:
    dequantize_channels_last(a, begin, end, is_signed);
    break;
  case OCTET_PLANAR_TO_CHANNELS_LAST:
    __builtin_unreachable();
  }
}

void OCTET_KERNEL_NAME(octet_dequantize_f32)(const void *arguments, size_t begin, size_t end) {
  const octet_dequantize_arguments *a = arguments;
  if (a->plan->is_signed) {
    dequantize(a, begin, end, true);
  } else {
    dequantize(a, begin, end, false);
  }
}
