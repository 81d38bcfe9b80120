/// The meaning of the depthwise u8 · s8 → s32 kernels, as plain loops.
#include "octet_depthwise.h"

#include "isa/begin_scalar.h"

void octet_depthwise_u8s8s32_16__scalar(const octet_depthwise_tile *tile) {
  enum { CHANNELS = 16, QUAD = 4 };
  const int8_t *weights = (const int8_t *)tile->weights;
  for (size_t output = 0; output < tile->outputs; output++) {
    for (size_t channel = 0; channel < CHANNELS; channel++) {
      int32_t sum = tile->initial[output * tile->initial_row_stride + channel];
      for (size_t tap = 0; tap < tile->taps; tap++) {
        const ptrdiff_t column = tile->first_column + (ptrdiff_t)(output * tile->output_step + tap * tile->tap_step);
        const bool inside = column >= 0 && column < (ptrdiff_t)tile->width;
        for (size_t row = 0; row < QUAD; row++) {
          const uint8_t *pixel = inside ? tile->rows[row] + (size_t)column * tile->row_steps[row] : tile->padding;
          sum += pixel[channel] * weights[(tap * CHANNELS + channel) * QUAD + row];
        }
      }
      tile->sums[output * CHANNELS + channel] = sum;
    }
  }
}

#include "isa/end.h"
