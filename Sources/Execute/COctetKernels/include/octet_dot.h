/// The kernels of convolution and matrix multiplication: tiles of output pixels × channels, summed over runs.
///
/// A *run* is a stretch of input elements that lies contiguously in memory and meets a stretch of weights: the channels
/// of one tap, or of a whole kernel row where there are few channels. Each output pixel has a pointer per run, so that
/// every kernel size, stride, dilation and padding is the same loop.
#ifndef OCTET_DOT_H
#define OCTET_DOT_H

#include <stddef.h>
#include <stdint.h>

#include "octet_cpu.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  /// The most pixels any tile has.
  OCTET_TILE_ROWS = 16,
  /// The most sums any tile has.
  OCTET_TILE_SUMS = 1024,
  /// What the channels of a tile are a multiple of; f32 kernels for few channels have half of it.
  OCTET_CHANNEL_UNIT = 16,
  /// The most runs one call sums; longer kernels take several calls.
  OCTET_RUNS_AT_ONCE = 16,
};

/// How a panel of weights lies in memory: for each run, for each step along it, for each channel of the panel, the
/// weights of the step's input elements. Past the end of a run they are zero.
typedef enum octet_weight_format {
  /// Four s8: (0, 1, 2, 3). What vpdpbusd multiplies.
  OCTET_WEIGHTS_QUADS_S8,
  /// Four s16, for 16 channels at a time: the pairs (0, 2) of all, then the pairs (1, 3). What vpmaddwd multiplies.
  /// Convolution kernels add Σ w0·w1 + w2·w3 to the sums of a channel, which initial sums must make up for.
  OCTET_WEIGHTS_PAIRS_S16,
  /// One f32.
  OCTET_WEIGHTS_F32,
} octet_weight_format;

/// Where the weight of (step, channel, element of the step) stands in a panel of `width` channels, in elements.
size_t octet_packed_index(octet_weight_format format, size_t width, size_t step, size_t channel, size_t element);

/// packed[to] = weights[from], where weights are s8, or f32 for that format.
void octet_place_weight(octet_weight_format format, void *packed, size_t to, const void *weights, size_t from);

/// One or more panels of a convolution's output channels over all of its pixels; convolution/slice.h says what it
/// holds.
typedef struct octet_convolution_slice octet_convolution_slice;

/// Computes output pixels first_pixel ..< end_pixel of a slice, a tile at a time, and finishes them.
typedef void octet_dot_function(const octet_convolution_slice *slice, size_t first_pixel, size_t end_pixel);

typedef struct octet_dot_kernel {
  octet_isa isa;
  const char *name;
  /// The most rows it sums at once; how many it sums while it finishes as many others, 0 if it does not; and the
  /// channels of a panel.
  size_t rows, late_rows, channels;
  octet_weight_format format;
  octet_dot_function *function;
} octet_dot_kernel;

/// Every kernel of a family, best instruction set first, and for one instruction set the widest panel first.
typedef struct octet_dot_kernel_list {
  const octet_dot_kernel *kernels;
  size_t count;
} octet_dot_kernel_list;

octet_dot_kernel_list octet_convolution_u8s8s32_kernels(void);
octet_dot_kernel_list octet_convolution_f32_kernels(void);

#ifdef __cplusplus
}
#endif

#endif
