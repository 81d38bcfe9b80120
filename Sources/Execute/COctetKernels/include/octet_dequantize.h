/// Dequantization of u8 or i8 to f32, with the change of layout that usually goes with it.
///
///   y = clamp(x·scale[c] + shift[c], minimum, maximum)
#ifndef OCTET_DEQUANTIZE_H
#define OCTET_DEQUANTIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "octet_layout.h"
#include "octet_range.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct octet_dequantize_plan {
  octet_layout_plan layout;
  /// One value per channel, rounded up to a multiple of 16 values.
  const float *scale, *shift;
  /// Infinite where nothing is clamped.
  float minimum, maximum;
  /// Whether the bytes are i8.
  bool is_signed;
} octet_dequantize_plan;

/// Any change of layout but planar to channels-last. Up to 15 bytes past the end of the source are read, and not used.
typedef struct octet_dequantize_arguments {
  const octet_dequantize_plan *plan;
  const uint8_t *source;
  float *destination;
} octet_dequantize_arguments;

octet_range_kernel_list octet_dequantize_f32_kernels(void);

#ifdef __cplusplus
}
#endif

#endif
