/// Quantization of f32 to u8 or i8, with the change of layout that usually goes with it.
///
///   q = clamp(roundHalfEven(x·scale[c] + shift[c]), low, high) + offset
///
/// NaN gives low + offset. u8 and i8 differ only in the bounds: q is stored as its low byte.
#ifndef OCTET_QUANTIZE_H
#define OCTET_QUANTIZE_H

#include <stddef.h>
#include <stdint.h>

#include "octet_layout.h"
#include "octet_range.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct octet_quantize_plan {
  octet_layout_plan layout;
  /// One value per channel, rounded up to a multiple of 16 values.
  const float *scale, *shift;
  /// Integers from -512 to 511.
  float low, high;
  /// Added after rounding, as ONNX does with the zero point; FakeQuantize has it in the shift.
  int32_t offset;
  /// From planar to channels-last, bytes written per pixel: those past the channels become 0.
  /// channels <= written <= destination stride.
  size_t written;
} octet_quantize_plan;

/// Any change of layout but channels-last to planar. Up to 60 bytes past the end of the source are read, and not used.
typedef struct octet_quantize_arguments {
  const octet_quantize_plan *plan;
  const float *source;
  uint8_t *destination;
} octet_quantize_arguments;

octet_range_kernel_list octet_quantize_f32_kernels(void);

#ifdef __cplusplus
}
#endif

#endif
