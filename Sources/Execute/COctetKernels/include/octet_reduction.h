/// Reductions of f32 along one axis of [outer, axis, inner] to [outer, inner].
///
///   y = Σ x,  Σ x / n,  max x,  min x  or  Π x
///
/// Maxima and minima ignore NaN. Where inner is 1, element i is reduced into lane i mod 16, and then the lanes;
/// elsewhere in the order of the axis. An axis without elements gives 0, NaN, -infinity, infinity or 1.
#ifndef OCTET_REDUCTION_H
#define OCTET_REDUCTION_H

#include <stddef.h>

#include "octet_range.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum octet_reduction_operation {
  OCTET_REDUCE_SUM,
  OCTET_REDUCE_MEAN,
  OCTET_REDUCE_MAXIMUM,
  OCTET_REDUCE_MINIMUM,
  OCTET_REDUCE_PRODUCT,
} octet_reduction_operation;

typedef struct octet_reduction_plan {
  octet_reduction_operation operation;
  size_t outer, axis, inner;
} octet_reduction_plan;

/// Neighbours that a unit holds.
enum { OCTET_REDUCTION_UNIT = 16 };

static inline size_t octet_reduction_units(const octet_reduction_plan *plan) {
  return plan->outer * ((plan->inner + OCTET_REDUCTION_UNIT - 1) / OCTET_REDUCTION_UNIT);
}

/// Up to 60 bytes past the end of the source are read, and not used.
typedef struct octet_reduction_arguments {
  const octet_reduction_plan *plan;
  const float *source;
  float *destination;
} octet_reduction_arguments;

octet_range_kernel_list octet_reduction_f32_kernels(void);

#ifdef __cplusplus
}
#endif

#endif
