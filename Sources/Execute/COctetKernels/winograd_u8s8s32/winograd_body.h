/// The kernel of convolution by tiles, written once over isa/quads.h for processors that multiply pairs of s16. Where
/// one instruction also adds them to sums, define OCTET_VPDPWSSD(sums, a, b) for it.
///
/// A block of tiles is transformed once for all output channels. Then each panel of them takes three steps: a product
/// of matrices per position, the way back from 36 positions to 16 pixels, and the epilogue.
#include "isa/name.h"

#include "convolution/finish_floats.h"
#include "epilogue/direct.h"
#include "winograd_u8s8s32/tiles.h"

enum {
  OUTPUTS = OCTET_WINOGRAD_OUTPUTS,
  INPUTS = OCTET_WINOGRAD_INPUTS,
  POSITIONS = OCTET_WINOGRAD_POSITIONS,
  TAPS = OCTET_WINOGRAD_TAPS,
  PANEL = OCTET_CHANNEL_UNIT,
  /// Tiles whose sums of a panel registers hold.
  ROWS = OCTET_WINOGRAD_ROWS,
  /// Pairs of input channels, for a panel, and what input channels are stored in multiples of.
  PAIR_BYTES = 2 * sizeof(int16_t),
  WEIGHT_STEP_BYTES = PANEL * PAIR_BYTES,
  CHANNELS_AT_ONCE = 16,
#ifdef OCTET_VPDPWSSD
  /// Half transformed weights of a pair for a line of positions, and those that are read together.
  LINE_BYTES_OF_WEIGHTS = TAPS * WEIGHT_STEP_BYTES,
  STEP_BYTES_OF_WEIGHTS = LINE_BYTES_OF_WEIGHTS,
#else
  LINE_BYTES_OF_WEIGHTS = INPUTS * WEIGHT_STEP_BYTES,
  STEP_BYTES_OF_WEIGHTS = WEIGHT_STEP_BYTES,
#endif
  /// Stored weights of a tap, one byte each.
  TAP_BYTES = WEIGHT_STEP_BYTES / 2,
  /// Rows that are finished together.
  FINISHED_ROWS = OCTET_BLOCK_VECTORS,
  /// What keeps the same channel of all positions out of the same set of a cache.
  POSITION_GAP = 64,
};

/// Each step has the registers for itself: all in one function take a fifth longer.
#define OCTET_STEP static __attribute__((noinline))

_Static_assert(CHANNELS_AT_ONCE - 1 <= OCTET_CONVOLUTION_SLACK, "what is read past a pixel is allowed");

typedef uint32_t modular_vector __attribute__((ext_vector_type(OCTET_SUM_LANES)));

/// A block of tiles on its way.
typedef struct {
  const octet_winograd_task *task;
  size_t first_tile, tiles;
  /// Bytes from one tile to the next, and from one position to the next.
  size_t tile_step, position_step;
  /// [position][tile][input channel], s16.
  _Alignas(64) uint8_t inputs[OCTET_WINOGRAD_BLOCK_BYTES + POSITIONS * POSITION_GAP];
#ifndef OCTET_VPDPWSSD
  /// A panel's, where they are stored untransformed.
  _Alignas(64) uint8_t weights[INPUTS * LINE_BYTES_OF_WEIGHTS * OCTET_WINOGRAD_MOST_CHANNELS / 2];
#endif
  _Alignas(64) int32_t products[POSITIONS][ROWS][PANEL];
  _Alignas(64) int32_t sums[OUTPUTS][ROWS * OUTPUTS][PANEL];
} winograd_block;

#include "winograd_u8s8s32/products_body.h"
#include "winograd_u8s8s32/untransformed_body.h"

// MARK: - Bᵀ d B

#if OCTET_REGISTER_BYTES == 64
#define OCTET_WINOGRAD_CHANNELS 32
#include "winograd_u8s8s32/inputs_body.h"
#endif
#define OCTET_WINOGRAD_CHANNELS 16
#include "winograd_u8s8s32/inputs_body.h"

OCTET_STEP void transform_tile(winograd_block *block, size_t tile) {
  const uint8_t *pixels[POSITIONS];
  octet_winograd_locate(block->task, block->first_tile + tile, pixels);
  uint8_t *to = block->inputs + tile * block->tile_step;
  const size_t channels = block->task->plan->geometry.group_inputs;
  size_t channel = 0;
#if OCTET_REGISTER_BYTES == 64
  for (; channel + CHANNELS_AT_ONCE < channels; channel += 2 * CHANNELS_AT_ONCE) {
    transform_channels_32(pixels, channel, to + channel * sizeof(int16_t), block->position_step);
  }
#endif
  for (; channel < channels; channel += CHANNELS_AT_ONCE) {
    transform_channels_16(pixels, channel, to + channel * sizeof(int16_t), block->position_step);
  }
}

#include "winograd_u8s8s32/outputs_body.h"

// MARK: - The whole

/// Groups of tiles that registers hold, for the panel of channels from `first_channel` on.
static void run_panel(winograd_block *block, size_t first_channel) {
  const octet_winograd_plan *plan = block->task->plan;
  const bool are_transformed = plan->format != OCTET_WINOGRAD_UNTRANSFORMED;
  const size_t pairs = (plan->geometry.group_inputs + 1) / 2, at_once = are_transformed ? ROWS : UNTRANSFORMED_ROWS;
  const size_t groups = (block->tiles + at_once - 1) / at_once;
  const uint8_t *weights = plan->weights + first_channel / PANEL * plan->panel_bytes;
  if (!are_transformed) {
    weights = untransformed_weights(block, weights, pairs);
  }
  for (size_t group = 0; group < groups; group++) {
    const size_t first = block->tiles * group / groups, end = block->tiles * (group + 1) / groups;
    if (are_transformed) {
      multiply_tiles(block, weights, pairs, first, end - first);
    } else {
      multiply_untransformed(block, weights, pairs, first, end - first);
    }
    finish_tiles(block, first, end, first_channel);
  }
}

static void run_block(winograd_block *block) {
  const octet_winograd_task *task = block->task;
  for (size_t tile = 0; tile < block->tiles; tile++) {
    transform_tile(block, tile);
  }
  for (size_t panel = task->first_panel; panel < task->end_panel; panel++) {
    run_panel(block, panel * PANEL);
  }
}

static void run_winograd(const octet_winograd_task *task) {
  const octet_winograd_plan *plan = task->plan;
  const size_t tiles = task->end_tile - task->first_tile;
  const size_t blocks = (tiles + plan->tiles_at_once - 1) / plan->tiles_at_once;
  const size_t inputs = plan->geometry.group_inputs;
  winograd_block block;
  block.task = task;
  block.tile_step = (inputs + CHANNELS_AT_ONCE - 1) / CHANNELS_AT_ONCE * CHANNELS_AT_ONCE * sizeof(int16_t);
  block.position_step = plan->tiles_at_once * block.tile_step + POSITION_GAP;
  for (size_t i = 0; i < blocks; i++) {
    block.first_tile = task->first_tile + tiles * i / blocks;
    block.tiles = task->first_tile + tiles * (i + 1) / blocks - block.first_tile;
    run_block(&block);
  }
}

/// Defines the kernel `name`.
#define OCTET_WINOGRAD_KERNEL(name)                                                                                    \
  void OCTET_KERNEL_NAME(name)(const octet_winograd_task *task) {                                                      \
    run_winograd(task);                                                                                                \
  }
