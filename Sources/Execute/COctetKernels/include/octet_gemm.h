/// Batched matrix products of which both sides are known only when they run.
///
///   output[b] = epilogue(left[b] · right[b]),   left[b] of rows × inner, right[b] of inner × columns
///
/// Both sides are f32, or both u8, from which their zero points are taken. The right sides are packed into scratch
/// memory, and left sides transposed where need be; then the product is the convolution of 1×1 kernels with a group per
/// batch entry.
///
/// Kernels multiply u8 by s8, so of u8 sides
///   Σ (a − z)(b − y) = Σ a·(b − 128) − (y − 128)·Σ a − z·Σ (b − y),
/// where the second sum is what the sums of a row start from, and the third what those of a column start from.
#ifndef OCTET_GEMM_H
#define OCTET_GEMM_H

#include "octet_convolution.h"
#include "octet_range.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The longest sum of u8 products that cannot overflow, in any order: 2^31 / (255·(255 + 128 + 128)).
enum { OCTET_GEMM_U8_INNER = 16480 };

/// Where the matrices of a batch stand, in elements: row r of matrix b begins at
///   b / run · run_step + b % run · matrix + r · row,
/// and its elements follow each other. Heads of a transformer are runs of matrices that lie side by side.
typedef struct octet_matrix_steps {
  size_t row, matrix, run, run_step;
} octet_matrix_steps;

static inline size_t octet_matrix_offset(const octet_matrix_steps *steps, size_t matrix) {
  return matrix / steps->run * steps->run_step + matrix % steps->run * steps->matrix;
}

typedef struct octet_gemm_shape {
  size_t batch, rows, inner, columns;
  /// Whether left[b] stands as inner × rows, and right[b] as columns × inner.
  bool left_is_transposed, right_is_transposed;
  /// Whether one matrix serves the whole batch.
  bool left_is_shared, right_is_shared;
  octet_matrix_steps left, right;
} octet_gemm_shape;

typedef struct octet_gemm_plan {
  octet_gemm_shape shape;
  /// A 1×1 convolution of `rows` pixels and `batch` groups. Each run fills in the weights, the input, and for u8 what
  /// the sums start from.
  octet_convolution_plan convolution;
  /// Packs OCTET_CHANNEL_UNIT columns of a right side per unit. Its arguments are an octet_gemm_packing.
  octet_range_function pack;
  /// 0 ... 255; unused for f32.
  int32_t left_zero_point, right_zero_point;
} octet_gemm_plan;

typedef struct octet_gemm_packing {
  const octet_gemm_plan *plan;
  const void *right;
  uint8_t *packed;
  /// What the sums of each column start from, for u8: 16 per unit.
  int32_t *initial;
} octet_gemm_packing;

/// What one unit of packing covers.
typedef struct octet_gemm_columns {
  /// Elements from the first right side to the first column, and how many columns there are, at most 16.
  size_t offset, count;
  /// Elements from one column to the next, and from one row to the next.
  size_t column_step, inner_step;
  /// The panel's packed weights, its width, and the unit's first channel in it.
  uint8_t *panel;
  size_t width, channel;
} octet_gemm_columns;

octet_gemm_columns octet_gemm_columns_of(const octet_gemm_packing *packing, size_t unit);

/// Packs f32 columns, on any instruction set.
void octet_gemm_pack_f32(const void *arguments, size_t begin, size_t end);

/// Packs u8 columns.
octet_range_kernel_list octet_gemm_pack_u8_kernels(void);

/// Fills in the rest of a plan whose shape, packing function and zero points, and whose convolution's panels, strides
/// and epilogue are set; for f32 its initial sums, too (zeros of one group).
void octet_gemm_prepare(octet_gemm_plan *plan, octet_run_step *run_step);

/// The convolution that a matrix product becomes.
octet_convolution_geometry octet_gemm_geometry(const octet_gemm_shape *shape);

/// Bytes of scratch memory, aligned to a cache line, that a run needs.
size_t octet_gemm_scratch_bytes(const octet_gemm_plan *plan);

/// The packed right sides of a product, and what the sums of their columns start from.
typedef struct octet_gemm_right {
  const uint8_t *packed;
  const void *initial;
} octet_gemm_right;

/// Packs the right sides into the scratch memory.
octet_gemm_right octet_gemm_pack_right(const octet_gemm_plan *plan, const void *right, void *scratch, octet_team *team);

/// A few rows of one product of the batch, on the calling thread, whose left side is not transposed. `left` is the
/// first of the rows, and pixel 0 of the buffers where its row of the output goes. `row_sums` is memory for what the
/// sums of each row start from.
void octet_gemm_run_rows(const octet_gemm_plan *plan, const octet_gemm_right *right, size_t matrix, size_t rows,
                         const uint8_t *left, int32_t *row_sums, const octet_epilogue_buffers *buffers);

/// Runs a plan whose left matrices are one run. Up to OCTET_CONVOLUTION_SLACK bytes past a u8 left side are read,
/// nothing past other inputs, and nothing but the output's columns is written, next to the scratch.
void octet_gemm_run(const octet_gemm_plan *plan, const void *left, const void *right,
                    const octet_epilogue_buffers *buffers, void *scratch, octet_team *team);

#ifdef __cplusplus
}
#endif

#endif
