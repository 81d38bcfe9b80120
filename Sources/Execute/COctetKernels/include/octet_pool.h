/// Pooling over channels-last images of up to three spatial axes: depth, height, width.
///
///   maximum:  y = max of x over the taps
///   average:  v = (Σ x over the taps − zero_point·taps) / divisor,  y = v·scale[c] + shift[c]
///             and for bytes  q = clamp(roundHalfEven(y), low, high)
///
/// Taps are the positions of a window that lie in the image. Where there are none the maximum is the least value and
/// the sum is 0. Sums of bytes are exact; f32 is summed row by row, in the order of the taps. A maximum ignores NaN.
#ifndef OCTET_POOL_H
#define OCTET_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "octet_element.h"
#include "octet_range.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum octet_pool_operation { OCTET_POOL_MAXIMUM, OCTET_POOL_AVERAGE } octet_pool_operation;

/// The taps of one output position along one axis: `count` of them, the first at input position `first`. The divisor of
/// an average is the product of `divisor` over the axes.
typedef struct octet_pool_window {
  uint32_t first, count, divisor;
} octet_pool_window;

/// Axes are depth, height, width. Strides count elements from one pixel to the next.
typedef struct octet_pool_plan {
  octet_pool_operation operation;
  /// A maximum keeps the source's element type.
  octet_element source_type, destination_type;
  size_t batch, channels;
  size_t input[3], output[3], dilation[3];
  /// For each axis, a window for every output position.
  const octet_pool_window *windows[3];
  size_t source_stride, destination_stride;
  /// For averages: one value per channel, rounded up to a multiple of 16 values.
  const float *scale, *shift;
  float zero_point;
  /// Integers from -512 to 511.
  float low, high;
} octet_pool_plan;

/// Channels of one output pixel that make a unit.
enum { OCTET_POOL_CHANNELS = 256 };

static inline size_t octet_pool_units(const octet_pool_plan *plan) {
  return plan->batch * plan->output[0] * plan->output[1] * plan->output[2] *
         ((plan->channels + OCTET_POOL_CHANNELS - 1) / OCTET_POOL_CHANNELS);
}

/// Up to 63 bytes past the end of the source are read, and not used.
typedef struct octet_pool_arguments {
  const octet_pool_plan *plan;
  const void *source;
  void *destination;
} octet_pool_arguments;

octet_range_kernel_list octet_pool_kernels(void);

#ifdef __cplusplus
}
#endif

#endif
