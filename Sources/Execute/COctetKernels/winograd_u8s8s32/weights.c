/// Weights as the kernels read them: for each panel of sixteen output channels, for each position, for each pair of
/// input channels, the pair's s16 for each of the sixteen.
#include "octet_winograd.h"

#include <string.h>

enum {
  TAPS = 3,
  PAIR = 2,
  /// What is transformed together: a pair's weights for a panel.
  UNIT = OCTET_CHANNEL_UNIT * PAIR,
  UNIT_BYTES = UNIT * sizeof(int16_t),
};

static size_t divide_up(size_t a, size_t b) {
  return (a + b - 1) / b;
}

size_t octet_winograd_weight_bytes(size_t inputs, size_t outputs) {
  return divide_up(outputs, OCTET_CHANNEL_UNIT) * OCTET_WINOGRAD_POSITIONS * divide_up(inputs, PAIR) * UNIT_BYTES;
}

/// The largest sum has all activations 255 where weights are positive, the smallest where they are negative.
bool octet_winograd_is_exact(const int8_t *weights, size_t outputs, size_t length) {
  const int64_t most = INT32_MAX / 64 / UINT8_MAX;
  for (size_t output = 0; output < outputs; output++, weights += length) {
    int64_t above = 0, below = 0;
    for (size_t i = 0; i < length; i++) {
      above += weights[i] > 0 ? weights[i] : 0;
      below -= weights[i] < 0 ? weights[i] : 0;
    }
    if (above > most || below > most) {
      return false;
    }
  }
  return true;
}

/// G without its fractions, along one axis: `from` are taps `from_step` apart, `to` positions `to_step` apart.
static void transform(const int16_t from[][UNIT], size_t from_step, int16_t to[][UNIT], size_t to_step) {
  for (size_t i = 0; i < UNIT; i++) {
    const int16_t a = from[0][i], b = from[from_step][i], c = from[2 * from_step][i];
    to[0][i] = a;
    to[to_step][i] = (int16_t)(a + b + c);
    to[2 * to_step][i] = (int16_t)(a - b + c);
    to[3 * to_step][i] = (int16_t)(a + 2 * b + 4 * c);
    to[4 * to_step][i] = (int16_t)(a - 2 * b + 4 * c);
    to[5 * to_step][i] = c;
  }
}

/// Packs input channels `first_input` and the next for a panel, `step` bytes from one position to the next.
static void pack_pair(size_t inputs, size_t outputs, const int8_t *weights, size_t first_output, size_t first_input,
                      uint8_t *packed, size_t step) {
  int16_t taps[TAPS * TAPS][UNIT] = {{0}}, lines[OCTET_WINOGRAD_INPUTS * TAPS][UNIT];
  int16_t positions[OCTET_WINOGRAD_POSITIONS][UNIT];
  for (size_t i = 0; i < UNIT; i++) {
    const size_t output = first_output + i / PAIR, input = first_input + i % PAIR;
    for (size_t tap = 0; tap < TAPS * TAPS && output < outputs && input < inputs; tap++) {
      taps[tap][i] = weights[(output * inputs + input) * TAPS * TAPS + tap];
    }
  }
  for (size_t column = 0; column < TAPS; column++) {
    transform(taps + column, TAPS, lines + column, TAPS);
  }
  for (size_t line = 0; line < OCTET_WINOGRAD_INPUTS; line++) {
    transform(lines + line * TAPS, 1, positions + line * OCTET_WINOGRAD_INPUTS, 1);
  }
  for (size_t position = 0; position < OCTET_WINOGRAD_POSITIONS; position++) {
    memcpy(packed + position * step, positions[position], UNIT_BYTES);
  }
}

void octet_winograd_pack(size_t inputs, size_t outputs, const int8_t *weights, uint8_t *packed) {
  const size_t pairs = divide_up(inputs, PAIR), step = pairs * UNIT_BYTES;
  for (size_t output = 0; output < outputs; output += OCTET_CHANNEL_UNIT) {
    for (size_t pair = 0; pair < pairs; pair++) {
      pack_pair(inputs, outputs, weights, output, pair * PAIR, packed + pair * UNIT_BYTES, step);
    }
    packed += OCTET_WINOGRAD_POSITIONS * step;
  }
}
