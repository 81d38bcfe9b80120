/// Depthwise convolution: one output channel per input channel, each with a kernel of its own.
///
/// The taps of a kernel column are neighbours in a *column* of the input. Four rows of a block of channels are woven
/// into quads once per column, and serve every output whose kernel covers that column: of kernels three high and of
/// stride 1, those of two lines, the second with its weights one row lower in the quad.
#ifndef OCTET_DEPTHWISE_H
#define OCTET_DEPTHWISE_H

#include "octet_convolution.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  /// The channels of a block.
  OCTET_DEPTHWISE_CHANNELS = 64,
  /// The most columns of one call for a block of 64 channels; narrower ones may have more. Up to three more are
  /// written.
  OCTET_DEPTHWISE_COLUMNS = 72,
  OCTET_DEPTHWISE_MORE_COLUMNS = 4,
  /// The most output pixels of one call that stores sums.
  OCTET_DEPTHWISE_OUTPUTS = 32,
  /// The most lines of outputs that share their columns.
  OCTET_DEPTHWISE_LINES = 2,
  /// Bytes that hold the quads of the columns of one call.
  OCTET_DEPTHWISE_WOVEN_BYTES = (OCTET_DEPTHWISE_COLUMNS + OCTET_DEPTHWISE_MORE_COLUMNS) * OCTET_DEPTHWISE_CHANNELS * 4,
};

/// One line of output pixels: sums[output][channel] = initial[channel] + Σ over four rows and the taps' columns
typedef struct octet_depthwise_line {
  /// [taps][channels of the kernel] quads.
  const uint8_t *weights;
  const int32_t *initial;
  /// [outputs][channels of the kernel], for OCTET_EPILOGUE_ANY; otherwise `direct` says where the outputs stand.
  int32_t *sums;
  octet_direct_rows direct;
} octet_depthwise_line;

/// What meets the same four input rows: a block of channels of one line of outputs, or of the one below it, too.
///
/// Sixty-four bytes are read from each input pixel, whatever the block's channels.
typedef struct octet_depthwise_tile {
  /// For each of four rows: where its pixel 0 begins, and bytes from one pixel to the next. In the padding 64 bytes of
  /// it, and 0.
  const uint8_t *rows[4];
  size_t row_steps[4];
  /// What padding holds for the 64 channels of the tile: their zero points.
  const uint8_t *padding;
  /// Columns first_column ..< first_column + columns are read. Those outside 0 ..< width are padding.
  ptrdiff_t first_column;
  size_t columns, width;
  /// Output o meets tap t at column o·output_step + t·tap_step after the first.
  size_t outputs, output_step, taps, tap_step;
  /// Channels in units of OCTET_CHANNEL_UNIT, up to the kernel's.
  size_t units;
  /// OCTET_DEPTHWISE_WOVEN_BYTES of room for the columns' quads, and how many of them each unit gets.
  uint8_t *woven;
  size_t unit_step;
  /// OCTET_EPILOGUE_ANY stores sums, OCTET_EPILOGUE_REQUANTIZE outputs.
  octet_epilogue_kind kind;
  /// Whether to go on from the sums that are there, not from the initial ones.
  bool continues;
  size_t line_count;
  octet_depthwise_line lines[OCTET_DEPTHWISE_LINES];
} octet_depthwise_tile;

typedef void octet_depthwise_function(const octet_depthwise_tile *tile);

typedef struct octet_depthwise_kernel {
  octet_isa isa;
  const char *name;
  size_t channels;
  octet_weight_format format;
  octet_depthwise_function *function;
} octet_depthwise_kernel;

/// Every depthwise kernel, best first.
const octet_depthwise_kernel *octet_depthwise_u8s8s32_kernels(size_t *count);

/// The best one that instruction set `isa` includes.
const octet_depthwise_kernel *octet_depthwise_u8s8s32_select(octet_isa isa);

typedef struct octet_depthwise_plan {
  /// One group per channel.
  octet_convolution_geometry geometry;
  const octet_depthwise_kernel *kernel;
  const uint8_t *weights;
  /// What each channel's sum starts from, up to a whole block of channels.
  const int32_t *initial;
  /// What padding holds: the zero point of every channel, and 63 bytes more.
  const uint8_t *padding;
  /// Bytes from one input pixel to the next.
  size_t input_pixel_stride;
  octet_epilogue_strides strides;
  const octet_epilogue *epilogue;
  octet_epilogue_function *finish;
  /// NULL, or where output pixels stand that do not follow each other.
  const octet_pixel_placement *placement;
  /// How kernels finish their sums: OCTET_EPILOGUE_ANY calls `finish`.
  octet_epilogue_kind kind;
} octet_depthwise_plan;

/// Fills in plan->kind from the rest of the plan.
void octet_depthwise_prepare(octet_depthwise_plan *plan);

/// Bytes of packed weights.
size_t octet_depthwise_weight_bytes(const octet_convolution_geometry *geometry, const octet_depthwise_kernel *kernel);

/// Packs weights [channels][depth][height][width] into as many zeroed bytes.
void octet_depthwise_pack(const octet_convolution_geometry *geometry, const octet_depthwise_kernel *kernel,
                          const int8_t *weights, uint8_t *packed);

/// Runs a plan. Up to 63 bytes past the last input pixel's channels are read; nothing but the output's channels is
/// written. The result does not depend on the team.
void octet_depthwise_run(const octet_depthwise_plan *plan, const uint8_t *input, const octet_epilogue_buffers *buffers,
                         octet_team *team);

#ifdef __cplusplus
}
#endif

#endif
