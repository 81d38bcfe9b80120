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
  MOST_TILES = OCTET_WINOGRAD_TILES,
  PANEL = OCTET_CHANNEL_UNIT,
  /// Tiles whose sums of a panel registers hold.
  ROWS = OCTET_WINOGRAD_ROWS,
  /// Pairs of input channels, for a panel, and input channels that are transformed together.
  PAIR_BYTES = 2 * sizeof(int16_t),
  WEIGHT_STEP_BYTES = PANEL * PAIR_BYTES,
  CHANNELS_AT_ONCE = 16,
  /// Rows that are finished together.
  FINISHED_ROWS = OCTET_BLOCK_VECTORS,
  /// What keeps the same channel of all positions out of the same set of a cache.
  POSITION_GAP = 64,
};

/// Each step has the registers for itself: all in one function take a fifth longer.
#define OCTET_STEP static __attribute__((noinline))

_Static_assert(CHANNELS_AT_ONCE - 1 <= OCTET_CONVOLUTION_SLACK, "what is read past a pixel is allowed");

typedef int16_t s16x16 __attribute__((ext_vector_type(16)));
typedef uint32_t modular_vector __attribute__((ext_vector_type(OCTET_SUM_LANES)));

/// A block of tiles on its way.
typedef struct {
  const octet_winograd_task *task;
  size_t first_tile, tiles;
  /// Bytes from one tile to the next, and from one position to the next.
  size_t tile_step, position_step;
  /// [position][tile][input channel], s16.
  _Alignas(64) uint8_t inputs[OCTET_WINOGRAD_BLOCK_BYTES + POSITIONS * POSITION_GAP];
  _Alignas(64) int32_t products[POSITIONS][MOST_TILES][PANEL];
  _Alignas(64) int32_t sums[OUTPUTS][MOST_TILES * OUTPUTS][PANEL];
} winograd_block;

#include "winograd_u8s8s32/products_body.h"

// MARK: - Bᵀ d B

OCTET_INLINE s16x16 widen_channels(const uint8_t *from) {
  return __builtin_convertvector(load_u8(from), s16x16);
}

OCTET_INLINE void store_channels(uint8_t *to, s16x16 channels) {
  __builtin_memcpy(to, &channels, sizeof channels);
}

/// Bᵀ along one axis.
OCTET_INLINE void transform_inputs(const s16x16 d[INPUTS], s16x16 to[INPUTS]) {
  const s16x16 even = d[4] - 4 * d[2], odd = d[3] - 4 * d[1], outer = d[4] - d[2], inner = 2 * (d[3] - d[1]);
  to[0] = 4 * (d[0] - d[2]) + outer;
  to[1] = even + odd;
  to[2] = even - odd;
  to[3] = outer + inner;
  to[4] = outer - inner;
  to[5] = 4 * d[1] - 5 * d[3] + d[5];
}

OCTET_STEP void transform_tile(winograd_block *block, size_t tile) {
  const uint8_t *pixels[POSITIONS];
  octet_winograd_locate(block->task, block->first_tile + tile, pixels);
  uint8_t *to = block->inputs + tile * block->tile_step;
  const size_t channels = block->task->plan->geometry.group_inputs;
  for (size_t channel = 0; channel < channels; channel += CHANNELS_AT_ONCE, to += sizeof(s16x16)) {
    s16x16 lines[INPUTS][INPUTS];
    OCTET_UNROLLED for (size_t x = 0; x < INPUTS; x++) {
      s16x16 column[INPUTS], transformed[INPUTS];
      OCTET_UNROLLED for (size_t y = 0; y < INPUTS; y++) {
        column[y] = widen_channels(pixels[y * INPUTS + x] + channel);
      }
      transform_inputs(column, transformed);
      OCTET_UNROLLED for (size_t y = 0; y < INPUTS; y++) {
        lines[y][x] = transformed[y];
      }
    }
    OCTET_UNROLLED for (size_t y = 0; y < INPUTS; y++) {
      s16x16 transformed[INPUTS];
      transform_inputs(lines[y], transformed);
      OCTET_UNROLLED for (size_t x = 0; x < INPUTS; x++) {
        store_channels(to + (y * INPUTS + x) * block->position_step, transformed[x]);
      }
    }
  }
}

// MARK: - Aᵀ … A

/// Aᵀ along one axis, with what G leaves out: 24, 12, 6 and 6 times the sums.
OCTET_INLINE void transform_products(const modular_vector m[INPUTS], modular_vector to[OUTPUTS]) {
  const modular_vector ones = m[1] + m[2], one = m[1] - m[2], twos = m[3] + m[4], two = m[3] - m[4];
  to[0] = 6 * m[0] - 4 * ones + twos;
  to[1] = two - 2 * one;
  to[2] = twos - ones;
  to[3] = 2 * two - one + 6 * m[5];
}

/// `sums` is 9 · 2^(i + j) times what it is, where i and j stand for the lines of the two axes.
OCTET_INLINE sum_vector unscale(modular_vector sums, size_t y, size_t x) {
  static const int32_t shifts[OUTPUTS] = {3, 2, 1, 1};
  const uint32_t ninth = 954437177;
  return (sum_vector)(sums * ninth) >> (shifts[y] + shifts[x]);
}

/// The sixteen pixels of a tile, for one vector of the panel's channels.
OCTET_INLINE void sum_tile(winograd_block *block, size_t tile, const int32_t *initial, size_t channel) {
  modular_vector lines[OUTPUTS][INPUTS];
  OCTET_UNROLLED for (size_t x = 0; x < INPUTS; x++) {
    modular_vector column[INPUTS], transformed[OUTPUTS];
    OCTET_UNROLLED for (size_t y = 0; y < INPUTS; y++) {
      column[y] = (modular_vector)load_vector(&block->products[y * INPUTS + x][tile][channel]);
    }
    transform_products(column, transformed);
    OCTET_UNROLLED for (size_t y = 0; y < OUTPUTS; y++) {
      lines[y][x] = transformed[y];
    }
  }
  const modular_vector start = (modular_vector)load_vector(initial + channel);
  OCTET_UNROLLED for (size_t y = 0; y < OUTPUTS; y++) {
    modular_vector transformed[OUTPUTS];
    transform_products(lines[y], transformed);
    OCTET_UNROLLED for (size_t x = 0; x < OUTPUTS; x++) {
      const modular_vector sums = (modular_vector)unscale(transformed[x], y, x) + start;
      store_vector(&block->sums[y][tile * OUTPUTS + x][channel], (sum_vector)sums);
    }
  }
}

OCTET_STEP void sum_tiles(winograd_block *block, const int32_t *initial) {
  for (size_t tile = 0; tile < block->tiles; tile++) {
    for (size_t channel = 0; channel < PANEL; channel += SUM_LANES) {
      sum_tile(block, tile, initial, channel);
    }
  }
}

// MARK: - The epilogue

/// Finishes `count` neighbouring pixels. `kind` is a constant.
OCTET_INLINE void finish_kind(octet_direct_rows rows, const int32_t (*sums)[PANEL], size_t count,
                              octet_epilogue_kind kind) {
  for (; rows.channels == PANEL && count >= FINISHED_ROWS; count -= FINISHED_ROWS, sums += FINISHED_ROWS) {
    i32x16 together[FINISHED_ROWS];
    __builtin_memcpy(together, sums, sizeof together);
    finish_rows(&rows, together, FINISHED_ROWS, 1, kind);
    octet_direct_rows_advance(&rows, FINISHED_ROWS);
  }
  finish_partial_rows(&rows, *sums, count, 1, kind);
}

/// Finishes `count` output pixels from `pixel` on.
OCTET_STEP void finish_pixels(const octet_winograd_task *task, int32_t (*sums)[PANEL], size_t pixel, size_t count,
                              size_t first_channel) {
  const octet_winograd_plan *plan = task->plan;
  const size_t left = plan->geometry.group_outputs - first_channel, channels = left < PANEL ? left : PANEL;
  if (plan->kind == OCTET_EPILOGUE_ANY) {
    const octet_epilogue_tile tile = {.sums = sums,
                                      .sums_are_integers = true,
                                      .rows = count,
                                      .row_stride = PANEL,
                                      .first_pixel = pixel,
                                      .first_channel = first_channel,
                                      .channels = channels,
                                      .buffers = task->buffers,
                                      .strides = &plan->strides};
    plan->finish(plan->epilogue, &tile);
    return;
  }
  const octet_direct_rows rows =
      octet_direct_rows_make(plan->epilogue, plan->kind, task->buffers, &plan->strides, pixel, first_channel, channels);
  switch (plan->kind) {
  case OCTET_EPILOGUE_ANY:
    break;
  case OCTET_EPILOGUE_REQUANTIZE:
    finish_kind(rows, sums, count, OCTET_EPILOGUE_REQUANTIZE);
    break;
  case OCTET_EPILOGUE_RESIDUAL:
    finish_kind(rows, sums, count, OCTET_EPILOGUE_RESIDUAL);
    break;
  case OCTET_EPILOGUE_SCALED_RESIDUAL:
    finish_kind(rows, sums, count, OCTET_EPILOGUE_SCALED_RESIDUAL);
    break;
  case OCTET_EPILOGUE_FLOATS:
    finish_float_tile(&(octet_dot_tile){.rows = count, .sums = sums, .direct = rows}, PANEL, true);
    break;
  }
}

static void finish_tiles(winograd_block *block, size_t first_channel) {
  const octet_winograd_plan *plan = block->task->plan;
  const size_t end = block->first_tile + block->tiles;
  for (size_t tile = block->first_tile; tile < end;) {
    const octet_winograd_row row = octet_winograd_row_at(plan, tile, end);
    for (size_t line = 0; line < row.lines; line++) {
      const size_t pixel = row.first_pixel + line * plan->geometry.output[2];
      finish_pixels(block->task, &block->sums[line][(tile - block->first_tile) * OUTPUTS], pixel, row.line_pixels,
                    first_channel);
    }
    tile += row.tiles;
  }
}

// MARK: - The whole

static void run_block(winograd_block *block) {
  const octet_winograd_task *task = block->task;
  const octet_winograd_plan *plan = task->plan;
  const size_t pairs = (plan->geometry.group_inputs + 1) / 2;
  const size_t panel_bytes = INPUTS * LINE_BYTES_OF_WEIGHTS * pairs;
  for (size_t tile = 0; tile < block->tiles; tile++) {
    transform_tile(block, tile);
  }
  for (size_t panel = task->first_panel; panel < task->end_panel; panel++) {
    multiply_panel(block, plan->weights + panel * panel_bytes, pairs);
    sum_tiles(block, plan->initial + panel * PANEL);
    finish_tiles(block, panel * PANEL);
  }
}

static void run_winograd(const octet_winograd_task *task) {
  const octet_winograd_plan *plan = task->plan;
  const size_t tiles = task->end_tile - task->first_tile;
  const size_t blocks = (tiles + plan->tiles_at_once - 1) / plan->tiles_at_once;
  const size_t inputs = plan->geometry.group_inputs;
  winograd_block block;
  block.task = task;
  block.tile_step = (inputs + CHANNELS_AT_ONCE - 1) / CHANNELS_AT_ONCE * sizeof(s16x16);
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
