/// From one grid of bytes to another, as the scales of a concatenation need before its values are used.
///
///   q' = clamp(roundHalfEven(q·scale[c] + shift[c]), low, high)
#ifndef OCTET_REQUANTIZE_H
#define OCTET_REQUANTIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "octet_layout.h"
#include "octet_range.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct octet_requantize_plan {
  octet_layout_plan layout;
  /// One value per channel, rounded up to a multiple of 16 values.
  const float *scale, *shift;
  /// Integers from 0 to 255.
  float low, high;
  /// Whether the bytes read are i8.
  bool is_signed;
} octet_requantize_plan;

/// The layout does not change. Up to 15 bytes past the end of the source are read, and not used.
typedef struct octet_requantize_arguments {
  const octet_requantize_plan *plan;
  const uint8_t *source;
  uint8_t *destination;
} octet_requantize_arguments;

octet_range_kernel_list octet_requantize_u8_kernels(void);

#ifdef __cplusplus
}
#endif

#endif
