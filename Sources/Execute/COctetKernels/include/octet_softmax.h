/// Softmax of f32 along one axis.
///
///   softmax:      y = e^(x − m) / Σ e^(x − m)      with m = max x
///   log-softmax:  y = (x − m) − ln Σ e^(x − m)
///
/// x is [outer, axis, inner]. Where inner is 1 and the axis has at least OCTET_SOFTMAX_LONG elements, sums run over
/// sixteen lanes, element i in lane i mod 16, and then over the lanes; elsewhere in the order of the axis.
#ifndef OCTET_SOFTMAX_H
#define OCTET_SOFTMAX_H

#include <stdbool.h>
#include <stddef.h>

#include "octet_range.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct octet_softmax_plan {
  size_t outer, axis, inner;
  bool is_logarithmic;
} octet_softmax_plan;

/// A unit is one long contiguous axis, or else sixteen neighbours: of `inner`, or of `outer` where inner is 1.
enum { OCTET_SOFTMAX_LONG = 32, OCTET_SOFTMAX_UNIT = 16 };

static inline size_t octet_softmax_units(const octet_softmax_plan *plan) {
  if (plan->axis == 0) {
    return 0;
  }
  if (plan->inner == 1) {
    return plan->axis >= OCTET_SOFTMAX_LONG ? plan->outer : (plan->outer + OCTET_SOFTMAX_UNIT - 1) / OCTET_SOFTMAX_UNIT;
  }
  return plan->outer * ((plan->inner + OCTET_SOFTMAX_UNIT - 1) / OCTET_SOFTMAX_UNIT);
}

/// Up to 60 bytes past the end of the source are read, and not used. The destination may be the source.
typedef struct octet_softmax_arguments {
  const octet_softmax_plan *plan;
  const float *source;
  float *destination;
} octet_softmax_arguments;

octet_range_kernel_list octet_softmax_f32_kernels(void);

#ifdef __cplusplus
}
#endif

#endif
