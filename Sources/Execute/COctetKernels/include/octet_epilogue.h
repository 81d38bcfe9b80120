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

/// u8 and i8 outputs are roundHalfEven(clamp(v, low, high)), NaN gives low; both bounds are integers of the type.
typedef struct octet_epilogue {
  octet_epilogue_step steps[OCTET_EPILOGUE_STEPS];
  size_t step_count;
  octet_element output_type;
  float low, high;
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
