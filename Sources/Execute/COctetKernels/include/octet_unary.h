/// Functions of one f32.
///
///   y = operation(x, alpha, beta)
#ifndef OCTET_UNARY_H
#define OCTET_UNARY_H

#include <stddef.h>

#include "octet_range.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The operations, in one list from which the enumeration and the kernels' switches are made.
/// NaN gives NaN, but for those that clamp: there it gives what the lower bound gives.
#define OCTET_FOR_EVERY_UNARY_OPERATION(OPERATION)                                                                     \
  OPERATION(OCTET_UNARY_RELU)            /* max(x, 0) */                                                               \
  OPERATION(OCTET_UNARY_LEAKY_RELU)      /* x < 0 ? alpha·x : x */                                                    \
  OPERATION(OCTET_UNARY_CLAMP)           /* min(max(x, alpha), beta) */                                                \
  OPERATION(OCTET_UNARY_HARD_SWISH)      /* x·(min(max(x + 3, 0), 6)·(1/6)) */                                       \
  OPERATION(OCTET_UNARY_HARD_SIGMOID)    /* min(max(alpha·x + beta, 0), 1) */                                         \
  OPERATION(OCTET_UNARY_SIGMOID)         /* 1 / (1 + e^-x) */                                                          \
  OPERATION(OCTET_UNARY_SWISH)           /* x / (1 + e^-(beta·x)) */                                                  \
  OPERATION(OCTET_UNARY_TANH)            /* tanh x */                                                                  \
  OPERATION(OCTET_UNARY_GELU_ERF)        /* x/2·(1 + erf(x / √2)) */                                                \
  OPERATION(OCTET_UNARY_GELU_TANH)       /* x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))) */                         \
  OPERATION(OCTET_UNARY_ELU)             /* x > 0 ? x : alpha·(e^x - 1) */                                            \
  OPERATION(OCTET_UNARY_SELU)            /* beta·(x > 0 ? x : alpha·(e^x - 1)) */                                    \
  OPERATION(OCTET_UNARY_MISH)            /* x·tanh(ln(1 + e^x)) */                                                    \
  OPERATION(OCTET_UNARY_SOFTPLUS)        /* ln(1 + e^x) */                                                             \
  OPERATION(OCTET_UNARY_EXP)             /* e^x */                                                                     \
  OPERATION(OCTET_UNARY_LOG)             /* ln x */                                                                    \
  OPERATION(OCTET_UNARY_SQRT)            /* √x */                                                                    \
  OPERATION(OCTET_UNARY_ABS)             /* |x| */                                                                     \
  OPERATION(OCTET_UNARY_NEGATIVE)        /* -x */                                                                      \
  OPERATION(OCTET_UNARY_FLOOR)           /* the greatest integer that is not greater */                                \
  OPERATION(OCTET_UNARY_CEILING)         /* the least integer that is not less */                                      \
  OPERATION(OCTET_UNARY_ROUND_HALF_EVEN) /* the nearest integer, ties to even */                                       \
  OPERATION(OCTET_UNARY_ROUND_HALF_AWAY) /* the nearest integer, ties away from 0 */                                   \
  OPERATION(OCTET_UNARY_RECIPROCAL)      /* 1 / x */                                                                   \
  OPERATION(OCTET_UNARY_ERF)             /* erf x */                                                                   \
  OPERATION(OCTET_UNARY_SIGN)            /* 1, -1, or x itself if it is neither above nor below 0 */                   \
  OPERATION(OCTET_UNARY_SQUARE)          /* x² */

typedef enum octet_unary_operation {
#define OCTET_UNARY_ENUMERATOR(operation) operation,
  OCTET_FOR_EVERY_UNARY_OPERATION(OCTET_UNARY_ENUMERATOR)
#undef OCTET_UNARY_ENUMERATOR
} octet_unary_operation;

/// How the values of `alpha` follow the rows or the columns.
typedef enum octet_unary_parameter {
  OCTET_PARAMETER_SCALAR,
  /// alpha[r mod alpha_count] for row r: rows are channels.
  OCTET_PARAMETER_PER_ROW,
  /// alpha[c] for column c: columns are channels. Rounded up to a multiple of 16 values.
  OCTET_PARAMETER_PER_COLUMN,
} octet_unary_parameter;

/// Rows of f32; strides count elements from one row to the next.
typedef struct octet_unary_plan {
  octet_unary_operation operation;
  octet_unary_parameter parameter;
  const float *alpha;
  size_t alpha_count;
  float beta;
  size_t rows, columns;
  size_t source_stride, destination_stride;
} octet_unary_plan;

/// Elements of a row that make a unit.
enum { OCTET_UNARY_UNIT = 1024 };

static inline size_t octet_unary_units(const octet_unary_plan *plan) {
  return plan->rows * ((plan->columns + OCTET_UNARY_UNIT - 1) / OCTET_UNARY_UNIT);
}

/// Up to 60 bytes past the end of the source are read, and not used. The destination may be the source.
typedef struct octet_unary_arguments {
  const octet_unary_plan *plan;
  const float *source;
  float *destination;
} octet_unary_arguments;

octet_range_kernel_list octet_unary_f32_kernels(void);

#ifdef __cplusplus
}
#endif

#endif
