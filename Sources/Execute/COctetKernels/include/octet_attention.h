/// Attention: what a query finds in keys decides how much of each value it takes.
///
///   output[b] = values epilogue(quantize(softmax(scores epilogue(query[b] · keys[b]ᵀ))) · values[b])
///
/// Probabilities may stay f32, as the values then are.
///
/// A few rows of scores at a time go through all three operations in a cache, instead of all rows through one after the
/// other (Dao et al., "FlashAttention", 2022, whose softmax is not needed where a row of scores fits).
#ifndef OCTET_ATTENTION_H
#define OCTET_ATTENTION_H

#include "octet_gemm.h"
#include "octet_quantize.h"
#include "octet_softmax.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  /// The most scores that are worked on at a time, how many are tried for, and the most rows of them.
  OCTET_ATTENTION_SCORES = 8192,
  OCTET_ATTENTION_USUAL_SCORES = 4096,
  OCTET_ATTENTION_ROWS = 96,
  /// The most keys, so that kernels have rows enough to work on.
  OCTET_ATTENTION_KEYS = OCTET_ATTENTION_SCORES / 6,
};

typedef struct octet_attention_plan {
  /// query · keys to f32, and probabilities · values. Their left sides are not transposed; the steps of the second
  /// one's are those of dense rows.
  octet_gemm_plan scores, values;
  octet_range_function softmax;
  /// NULL where probabilities stay f32. The plan takes one channel, planar, of any length.
  octet_range_function quantize;
  octet_quantize_plan quantizer;
  /// Where the operands of the scores' epilogue stand, each of f32; its strides are their rows'.
  octet_matrix_steps operands[OCTET_EPILOGUE_OPERANDS];
  /// Where the output's matrices stand.
  octet_matrix_steps output;
} octet_attention_plan;

/// Bytes of scratch memory, aligned to a cache line, that a run needs.
size_t octet_attention_scratch_bytes(const octet_attention_plan *plan);

/// Runs a plan whose products are prepared. `buffers` hold the output, and the operands of the scores' epilogue. Up to
/// OCTET_CONVOLUTION_SLACK bytes past a u8 query are read. The result does not depend on the team.
void octet_attention_run(const octet_attention_plan *plan, const void *query, const void *keys, const void *values,
                         const octet_epilogue_buffers *buffers, void *scratch, octet_team *team);

#ifdef __cplusplus
}
#endif

#endif
