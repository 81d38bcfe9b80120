/// What a convolution does with its sums: a short program of f32 operations, then a store.
///
/// Every instruction set does the same operations in the same order, multiplication and addition unfused, so that all
/// write the same bytes.
#ifndef OCTET_EPILOGUE_H
#define OCTET_EPILOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "octet_cpu.h"
#include "octet_unary.h"
#include "octet_element.h"
#include "octet_pieces.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { OCTET_EPILOGUE_STEPS = 8, OCTET_EPILOGUE_OPERANDS = 4 };

/// One operation on a value v of channel c. `r` is the extra operand's value at the same pixel and channel.
typedef enum octet_operation {
  OCTET_SCALE_SHIFT,      // v·first[c] + second[c]
  OCTET_SCALE_SHIFT_ALL,  // v·a + b
  OCTET_CLAMP,            // min(max(v, a), b); NaN gives a
  OCTET_ROUND_CLAMP,      // roundHalfEven(clamp(v, a, b)), for bounds within ±2^22
  OCTET_ADD_OPERAND,      // v + (r·a + b)
  OCTET_MULTIPLY_OPERAND, // v·(r·a + b)
  OCTET_LEAKY_RELU,       // v < 0 ? v·first[c] : v
  OCTET_FUNCTION,         // function(v, a, b)
} octet_operation;

typedef struct octet_epilogue_step {
  octet_operation operation;
  /// One value per channel, and 64 more that are read but not used.
  const float *first, *second;
  float a, b;
  octet_unary_operation function;
  /// Which extra operand r comes from, and its type.
  size_t operand;
  octet_element operand_type;
} octet_epilogue_step;

/// The programs that most layers have, which kernels apply to sums in registers: requantization, and two ends of
/// residual blocks, of which the second scales the rounded branch before it adds the other. All write u8, and no value
/// on the way reaches 2^31. Then activations: scale and shift, a function of octet_pieces.h, scale and shift, and u8
/// written. The last is what most f32 layers end in, each part of it optional: scale and shift, another f32 tensor
/// added, a clamp, and f32 written.
typedef enum octet_epilogue_kind {
  OCTET_EPILOGUE_ANY,
  OCTET_EPILOGUE_REQUANTIZE,
  OCTET_EPILOGUE_RESIDUAL,
  OCTET_EPILOGUE_SCALED_RESIDUAL,
  /// Only where a kernel has other work to do in between: elsewhere it is as fast to store sums and finish them
  /// together.
  OCTET_EPILOGUE_ACTIVATION,
  OCTET_EPILOGUE_FLOATS,
} octet_epilogue_kind;

/// Whether it is a program that kernels apply to integer sums in registers, and that writes bytes.
static inline bool octet_epilogue_writes_bytes(octet_epilogue_kind kind) {
  return kind != OCTET_EPILOGUE_ANY && kind != OCTET_EPILOGUE_FLOATS;
}

/// u8 and i8 outputs are roundHalfEven(clamp(v, low[c], high[c])), NaN gives low.
typedef struct octet_epilogue {
  octet_epilogue_step steps[OCTET_EPILOGUE_STEPS];
  /// Channels are how many values per channel the steps have.
  size_t step_count, channels;
  octet_element output_type;
  /// One value of the output's type per channel, and 64 more that are read but not used.
  const uint8_t *low, *high;
} octet_epilogue;

/// The tensors that an epilogue writes and reads: their first pixel's first channel.
typedef struct octet_epilogue_buffers {
  uint8_t *output;
  const uint8_t *operands[OCTET_EPILOGUE_OPERANDS];
} octet_epilogue_buffers;

/// Bytes from one pixel of them to the next.
typedef struct octet_epilogue_strides {
  size_t output, operands[OCTET_EPILOGUE_OPERANDS];
} octet_epilogue_strides;

/// A tile of sums, and where its pixels and channels lie.
typedef struct octet_epilogue_tile {
  /// [rows][row_stride], s32 or f32; every row is readable up to a multiple of 16 channels.
  const void *sums;
  bool sums_are_integers;
  size_t rows, row_stride;
  /// Output pixels and channels: row r is pixel first_pixel + r. Nothing else of the tensors is read or written.
  size_t first_pixel, first_channel, channels;
  const octet_epilogue_buffers *buffers;
  const octet_epilogue_strides *strides;
} octet_epilogue_tile;

typedef void octet_epilogue_function(const octet_epilogue *epilogue, const octet_epilogue_tile *tile);

/// Where pixels stand that do not follow each other: pixel (image, d, h, w) of `extent` is number
/// first + image·image_step + d·step[0] + h·step[1] + w·step[2] of the output and of the extra operands.
typedef struct octet_pixel_placement {
  size_t extent[3], first, image_step, step[3];
} octet_pixel_placement;

/// Finishes a tile whose pixels count as `placement` says; NULL where they follow each other.
void octet_epilogue_finish(octet_epilogue_function *function, const octet_epilogue *epilogue,
                           const octet_epilogue_tile *tile, const octet_pixel_placement *placement);

/// Which of those programs an epilogue is, but for activations. Integer sums are of so many products of bytes; 0 where
/// sums are f32.
octet_epilogue_kind octet_epilogue_kind_of(const octet_epilogue *epilogue, size_t integer_products);

/// Whether it is OCTET_EPILOGUE_ACTIVATION.
bool octet_epilogue_is_activation(const octet_epilogue *epilogue, size_t integer_products);

/// Neighbouring rows of sums, for a program other than OCTET_EPILOGUE_ANY: its parameters from the rows' first
/// channel on, and where the first row stands. Up to 15 bytes past an operand's channels are read.
typedef struct octet_direct_rows {
  /// NULL where OCTET_EPILOGUE_FLOATS does not scale channels apart.
  const float *scale, *shift;
  /// The quantizer of a residual branch, what scales it, and the other branch. For OCTET_EPILOGUE_FLOATS the bounds of
  /// its clamp, both infinite where there is none, what scales all channels, 0 where nothing does, and the tensor that
  /// is added.
  float middle_low, middle_high, middle_scale, middle_shift, operand_scale, operand_shift;
  /// For activations: x·f(function_scale·x), and what follows it.
  const octet_pieces *function;
  float function_scale;
  const float *last_scale, *last_shift;
  /// The bounds of the output, one per channel.
  const uint8_t *low, *high;
  uint8_t *output;
  const uint8_t *operand;
  size_t output_stride, operand_stride, channels;
} octet_direct_rows;

/// Rows of channels first_channel ..< first_channel + channels, from pixel `first_pixel` on.
octet_direct_rows octet_direct_rows_make(const octet_epilogue *epilogue, octet_epilogue_kind kind,
                                         const octet_epilogue_buffers *buffers, const octet_epilogue_strides *strides,
                                         size_t first_pixel, size_t first_channel, size_t channels);

/// Goes on to the row that is `count` further.
static inline void octet_direct_rows_advance(octet_direct_rows *rows, size_t count) {
  rows->output += count * rows->output_stride;
  if (rows->operand) {
    rows->operand += count * rows->operand_stride;
  }
}

/// Goes on to the channel that is `count` further, for a program that writes bytes.
static inline void octet_direct_rows_skip_channels(octet_direct_rows *rows, size_t count) {
  rows->scale += count;
  rows->shift += count;
  rows->low += count;
  rows->high += count;
  if (rows->last_scale) {
    rows->last_scale += count;
    rows->last_shift += count;
  }
  rows->output += count;
  if (rows->operand) {
    rows->operand += count;
  }
  rows->channels -= count;
}

typedef struct octet_epilogue_kernel {
  octet_isa isa;
  const char *name;
  octet_epilogue_function *function;
} octet_epilogue_kernel;

/// Every epilogue kernel, best first.
const octet_epilogue_kernel *octet_epilogue_kernels(size_t *count);

/// The best one that instruction set `isa` includes.
const octet_epilogue_kernel *octet_epilogue_select(octet_isa isa);

#ifdef __cplusplus
}
#endif

#endif
