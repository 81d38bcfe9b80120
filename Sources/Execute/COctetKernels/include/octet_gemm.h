/// Batched matrix products of which both sides are known only when they run.
///
///   output[b] = epilogue(left[b] · right[b]),   left[b] of rows × inner, right[b] of inner × columns
///
/// The right sides are packed into scratch memory, and left sides transposed where need be; then the product is the
/// convolution of 1×1 kernels with a group per batch entry.
#ifndef OCTET_GEMM_H
#define OCTET_GEMM_H

#include "octet_convolution.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct octet_gemm_shape {
  size_t batch, rows, inner, columns;
  /// Whether left[b] stands as inner × rows, and right[b] as columns × inner.
  bool left_is_transposed, right_is_transposed;
  /// Elements from one matrix of the batch to the next; 0 where all share one.
  size_t left_step, right_step;
} octet_gemm_shape;

typedef struct octet_gemm_plan {
  octet_gemm_shape shape;
  /// A 1×1 convolution of `rows` pixels and `batch` groups. Weights and input are filled in by each run.
  octet_convolution_plan convolution;
} octet_gemm_plan;

/// Fills in the rest of a plan whose shape, and whose convolution's panels, initial sums (zeros of one group), strides
/// and epilogue are set.
void octet_gemm_prepare(octet_gemm_plan *plan, octet_run_step *run_step);

/// The convolution that a matrix product becomes.
octet_convolution_geometry octet_gemm_geometry(const octet_gemm_shape *shape);

/// Bytes of scratch memory that a run needs.
size_t octet_gemm_scratch_bytes(const octet_gemm_plan *plan);

/// Runs a plan. Nothing past the inputs is read, and nothing but the output's columns is written, next to the scratch.
void octet_gemm_run(const octet_gemm_plan *plan, const float *left, const float *right,
                    const octet_epilogue_buffers *buffers, void *scratch, octet_team *team);

#ifdef __cplusplus
}
#endif

#endif
