/// The meaning of the f32 kernels, as plain loops.
#include "octet_dot.h"

#include "isa/begin_scalar.h"

void octet_convolution_f32_4x16__scalar(const octet_dot_tile *tile) {
  enum { CHANNELS = 16 };
  const float *initial = tile->initial;
  float *sums = tile->sums;
  for (size_t row = 0; row < tile->rows; row++) {
    for (size_t channel = 0; channel < CHANNELS; channel++) {
      const float *weights = (const float *)tile->weights + channel;
      float sum = initial[row * tile->initial_row_stride + channel];
      for (size_t run = 0; run < tile->runs; run++) {
        const float *input = (const float *)tile->inputs[row][run];
        for (size_t step = 0; step < tile->steps; step++, weights += CHANNELS) {
          sum += input[step] * *weights;
        }
      }
      sums[row * CHANNELS + channel] = sum;
    }
  }
}

#include "isa/end.h"
