/// Depthwise convolution of f32: every channel has a kernel of its own. Tensors are channels-last, as in
/// octet_convolution.h.
///
///   output[pixel, c] = epilogue(Σ over the taps inside the image of input[…, c] · weight[tap, c])
///
/// Products and sums are fused from AVX2 up, tap after tap, so that those write the same bytes.
#ifndef OCTET_DEPTHWISE_F32_H
#define OCTET_DEPTHWISE_F32_H

#include "octet_convolution.h"
#include "octet_range.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct octet_depthwise_f32_plan {
  /// One group per channel.
  octet_convolution_geometry geometry;
  /// [depth][height][width][channels], channels rounded up to a multiple of 16.
  const float *weights;
  /// Bytes from one input pixel to the next.
  size_t input_pixel_stride;
  octet_epilogue_strides strides;
  const octet_epilogue *epilogue;
  octet_epilogue_function *finish;
  /// OCTET_EPILOGUE_FLOATS is done by the kernel, everything else by `finish`.
  octet_epilogue_kind kind;
} octet_depthwise_f32_plan;

/// Units are lines of the output: batch · depth · height. Nothing past a channel is read or written.
typedef struct octet_depthwise_f32_arguments {
  const octet_depthwise_f32_plan *plan;
  const uint8_t *input;
  const octet_epilogue_buffers *buffers;
} octet_depthwise_f32_arguments;

octet_range_kernel_list octet_depthwise_f32_kernels(void);

#ifdef __cplusplus
}
#endif

#endif
