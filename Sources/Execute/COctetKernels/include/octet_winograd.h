/// INT8 convolution with 3×3 kernels by Winograd's minimal filtering F(4×4, 3×3), exact: a quarter of the products.
///
///   Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A
///
/// A *tile* d of 6×6 input pixels gives 4×4 neighbouring output pixels Y. Each of its 36 transformed *positions* is a
/// product of matrices over the channels: 36 products per input and output channel where the definition has 144.
/// Lavin and Gray, Fast algorithms for convolutional neural networks, 2016.
///
/// The fractions of G are left out, so that transformed inputs, at most 100 · 255, and weights, at most 49 · 128, are
/// s16. What is left out stands in A, times 24, but for a factor of 6 that the ends of G along the height keep: sums of
/// an output come out as 3 · 2^k times what they are along each axis, k at most 3. All of it is modulo 2^32, where 3
/// has an inverse, and a shift takes away the powers of two. This is exact where 64 times an output's sum, before its
/// zero point, is an s32: octet_winograd_is_exact.
#ifndef OCTET_WINOGRAD_H
#define OCTET_WINOGRAD_H

#include "octet_convolution.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  /// Pixels of a tile along an axis.
  OCTET_WINOGRAD_OUTPUTS = 4,
  OCTET_WINOGRAD_INPUTS = 6,
  OCTET_WINOGRAD_POSITIONS = OCTET_WINOGRAD_INPUTS * OCTET_WINOGRAD_INPUTS,
  OCTET_WINOGRAD_TAPS = 3,
  /// With more input channels, a block would have too few tiles.
  OCTET_WINOGRAD_MOST_CHANNELS = 512,
  /// The most tiles whose inputs are transformed together, and the most bytes of these, which stand on the stack and
  /// stay in the second cache.
  OCTET_WINOGRAD_TILES = 16,
  OCTET_WINOGRAD_BLOCK_BYTES = 294912,
};

typedef struct octet_winograd_plan octet_winograd_plan;

/// Tiles and panels of sixteen output channels that one thread computes.
typedef struct octet_winograd_task {
  const octet_winograd_plan *plan;
  const uint8_t *input;
  const octet_epilogue_buffers *buffers;
  size_t first_tile, end_tile, first_panel, end_panel;
} octet_winograd_task;

typedef void octet_winograd_function(const octet_winograd_task *task);

/// What a kernel takes with weights in its format, measured, and what the direct one of its instruction set takes
/// instead: cycles of a core for sixteen output channels, per input channel and besides.
typedef struct octet_winograd_cost {
  float tile_per_channel, tile, pixel_per_channel, pixel;
  /// What untransformed weights add per input channel for every `untransformed_tiles` of an image.
  float untransformed;
  size_t untransformed_tiles;
} octet_winograd_cost;

/// How weights are stored. For each panel of sixteen output channels:
typedef enum octet_winograd_format {
  /// For each position, for each pair of input channels, the pair's s16 for each of the sixteen.
  OCTET_WINOGRAD_TRANSFORMED,
  /// Transformed along the height only: for each line of positions, for each pair, three times that, one for each tap.
  OCTET_WINOGRAD_HALF_TRANSFORMED,
  /// As they are: for each pair, for each tap, the pair's s8 for each of the sixteen. The kernel transforms them as it
  /// goes, which takes less time than memory does where tiles are few and weights many.
  OCTET_WINOGRAD_UNTRANSFORMED,
} octet_winograd_format;

typedef struct octet_winograd_kernel {
  octet_isa isa;
  const char *name;
  octet_winograd_function *function;
  /// That of its weights, but where untransformed ones take less time.
  octet_winograd_format format;
  octet_winograd_cost cost;
} octet_winograd_kernel;

/// Every kernel, best first.
const octet_winograd_kernel *octet_winograd_u8s8s32_kernels(size_t *count);

/// That of instruction set `isa`; NULL where it has none. One of a lesser set does not stand in: it would have to beat
/// another direct kernel.
const octet_winograd_kernel *octet_winograd_u8s8s32_select(octet_isa isa);

/// Whether a kernel computes convolutions of such kernels, strides and channels.
bool octet_winograd_can(const octet_convolution_geometry *geometry);

/// The format of weights in which it takes the least time.
octet_winograd_format octet_winograd_best_format(const octet_winograd_kernel *kernel,
                                                 const octet_convolution_geometry *geometry);

/// Whether it then takes less time than the direct kernel of its instruction set. It can compute the convolution.
bool octet_winograd_pays(const octet_winograd_kernel *kernel, const octet_convolution_geometry *geometry);

/// Whether `outputs` rows of `length` weights have sums that are exact with any u8 activations.
bool octet_winograd_is_exact(const int8_t *weights, size_t outputs, size_t length);

/// Bytes of packed weights.
size_t octet_winograd_weight_bytes(octet_winograd_format format, size_t inputs, size_t outputs);

/// Packs weights [outputs][inputs][3][3] into as many zeroed bytes.
void octet_winograd_pack(octet_winograd_format format, size_t inputs, size_t outputs, const int8_t *weights,
                         uint8_t *packed);

struct octet_winograd_plan {
  octet_convolution_geometry geometry;
  const octet_winograd_kernel *kernel;
  octet_winograd_format format;
  const uint8_t *weights;
  /// What each output channel's sum starts from, up to a multiple of sixteen channels.
  const int32_t *initial;
  /// What padding holds: the zero point of every input channel, and OCTET_CONVOLUTION_SLACK bytes more.
  const uint8_t *padding;
  /// Bytes from one input pixel to the next.
  size_t input_pixel_stride;
  octet_epilogue_strides strides;
  const octet_epilogue *epilogue;
  octet_epilogue_function *finish;
  /// How kernels finish their sums: OCTET_EPILOGUE_ANY calls `finish`.
  octet_epilogue_kind kind;
  /// Tiles of an image along height and width, and how many are worked on together.
  size_t tile_rows, tile_columns, tiles_at_once;
  /// Bytes of a panel's weights.
  size_t panel_bytes;
};

/// Fills in plan->kind and what follows it from the rest of the plan.
void octet_winograd_prepare(octet_winograd_plan *plan);

/// Runs a plan. Up to OCTET_CONVOLUTION_SLACK bytes past the last input pixel's channels are read; nothing but the
/// output's channels is written. The result does not depend on the team.
void octet_winograd_run(const octet_winograd_plan *plan, const uint8_t *input, const octet_epilogue_buffers *buffers,
                        octet_team *team);

#ifdef __cplusplus
}
#endif

#endif
