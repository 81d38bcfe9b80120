/// The meaning of the u8 · s8 → s32 kernels, as plain loops.
#include "octet_dot.h"

#include "isa/begin_scalar.h"

void octet_convolution_u8s8s32_4x16__scalar(const octet_dot_tile *tile) {
  enum { CHANNELS = 16, QUAD = 4 };
  const int32_t *initial = tile->initial;
  int32_t *sums = tile->sums;
  for (size_t row = 0; row < tile->rows; row++) {
    for (size_t channel = 0; channel < CHANNELS; channel++) {
      const int8_t *weights = (const int8_t *)tile->weights + channel * QUAD;
      int32_t sum = initial[row * tile->initial_row_stride + channel];
      for (size_t run = 0; run < tile->runs; run++) {
        const uint8_t *input = tile->inputs[row][run];
        for (size_t step = 0; step < tile->steps; step++, input += QUAD, weights += CHANNELS * QUAD) {
          for (size_t i = 0; i < QUAD; i++) {
            sum += input[i] * weights[i];
          }
        }
      }
      sums[row * CHANNELS + channel] = sum;
    }
  }
}

#include "isa/end.h"
