/// Normalization of the rows of a matrix, in f32.
///
///   mean:              y = x − μ                                    with μ = Σ x / n
///   mean and variance: y = (x − μ) / d,  d from v = Σ (x − μ)² / n
///   length:            y = x / d,        d from v = Σ x²
///
/// then y·gamma + beta where there are any, and for bytes q = clamp(roundHalfEven(y), low, high). Sums run over
/// sixty-four lanes, element i in lane i mod 64, then over its quarters and the lanes.
///
/// Where the floats are wanted and their bytes too, both are written: q = clamp(roundHalfEven(y·scale + shift), low,
/// high).
#ifndef OCTET_NORMALIZATION_H
#define OCTET_NORMALIZATION_H

#include <stddef.h>
#include <stdint.h>

#include "octet_element.h"
#include "octet_range.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum octet_normalization_operation {
  OCTET_NORMALIZE_MEAN,
  OCTET_NORMALIZE_MEAN_AND_VARIANCE,
  OCTET_NORMALIZE_LENGTH,
} octet_normalization_operation;

/// How epsilon keeps the divisor from 0.
typedef enum octet_epsilon_mode {
  OCTET_EPSILON_INSIDE_ROOT,  ///< d = √(v + ε)
  OCTET_EPSILON_OUTSIDE_ROOT, ///< d = √v + ε
  OCTET_EPSILON_LEAST,        ///< d = √max(v, ε)
} octet_epsilon_mode;

/// What gamma and beta belong to.
typedef enum octet_normalization_parameter {
  OCTET_NORMALIZATION_PLAIN,
  /// gamma[r mod parameter_count] for row r.
  OCTET_NORMALIZATION_PER_ROW,
  /// gamma[c] for column c. Rounded up to a multiple of 16 values.
  OCTET_NORMALIZATION_PER_COLUMN,
} octet_normalization_parameter;

/// Strides count elements from one row to the next.
typedef struct octet_normalization_plan {
  octet_normalization_operation operation;
  octet_epsilon_mode epsilon_mode;
  float epsilon;
  octet_normalization_parameter parameter;
  const float *gamma, *beta;
  size_t parameter_count;
  size_t rows, columns;
  size_t source_stride, destination_stride;
  octet_element source_type, destination_type;
  /// NULL, or for each column what makes the second destination of the first, which is then f32. Rounded up to a
  /// multiple of 16 values.
  const float *scale, *shift;
  /// Integers from -512 to 511: of the destination of bytes.
  float low, high;
} octet_normalization_plan;

/// Units are rows. Nothing past the end of a row is used. A destination of f32 may be the source. The rows of the
/// second destination follow each other.
typedef struct octet_normalization_arguments {
  const octet_normalization_plan *plan;
  const void *source;
  void *destination;
  uint8_t *quantized;
} octet_normalization_arguments;

octet_range_kernel_list octet_normalization_f32_kernels(void);

#ifdef __cplusplus
}
#endif

#endif
