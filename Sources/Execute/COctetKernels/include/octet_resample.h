/// Resampling of images with channels last: every result pixel is a weighted sum of some pixels.
///
///   v = Σ row weight · column weight · x[row, column] + shift
///   y = clamp(v, minimum, maximum)·scale + offset
///   and for bytes  q = clamp(roundHalfEven(y), low, high)
///
/// Where one pixel with the weight 1 makes each result, elements of any size are copied instead.
#ifndef OCTET_RESAMPLE_H
#define OCTET_RESAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "octet_element.h"
#include "octet_range.h"

#ifdef __cplusplus
extern "C" {
#endif

/// What each position along one axis is made of: the taps first[p] ..< first[p + 1].
typedef struct octet_resample_axis {
  const uint32_t *first;
  /// The position in the source and how much it counts.
  const uint32_t *index;
  const float *weight;
} octet_resample_axis;

/// A unit is one row of one result image. Strides count elements from one pixel to the next.
typedef struct octet_resample_plan {
  size_t source_rows, source_columns, rows, columns, channels;
  size_t source_stride, destination_stride;
  octet_resample_axis row_axis, column_axis;
  /// Whether elements are copied: then only their size matters.
  bool copies;
  size_t element_size;
  octet_element source_type, destination_type;
  float shift, minimum, maximum, scale, offset;
  /// Integers from -512 to 511.
  float low, high;
} octet_resample_plan;

/// Up to 60 bytes past the end of the source are read, and not used.
typedef struct octet_resample_arguments {
  const octet_resample_plan *plan;
  const uint8_t *source;
  uint8_t *destination;
} octet_resample_arguments;

octet_range_kernel_list octet_resample_kernels(void);

#ifdef __cplusplus
}
#endif

#endif
