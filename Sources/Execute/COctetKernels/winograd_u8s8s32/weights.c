/// Weights as the kernels read them, octet_winograd_format.
#include "octet_winograd.h"

#include <string.h>

enum {
  TAPS = OCTET_WINOGRAD_TAPS,
  PAIR = 2,
  /// What is transformed together: a pair's weights for a panel.
  UNIT = OCTET_CHANNEL_UNIT * PAIR,
  UNIT_BYTES = UNIT * sizeof(int16_t),
};

static size_t divide_up(size_t a, size_t b) {
  return (a + b - 1) / b;
}

/// Bytes of a pair's weights for a panel.
static size_t pair_bytes(octet_winograd_format format) {
  switch (format) {
  case OCTET_WINOGRAD_TRANSFORMED:
    return OCTET_WINOGRAD_POSITIONS * UNIT_BYTES;
  case OCTET_WINOGRAD_HALF_TRANSFORMED:
    return OCTET_WINOGRAD_INPUTS * TAPS * UNIT_BYTES;
  case OCTET_WINOGRAD_UNTRANSFORMED:
    break;
  }
  return TAPS * TAPS * UNIT;
}

size_t octet_winograd_weight_bytes(octet_winograd_format format, size_t inputs, size_t outputs) {
  return divide_up(outputs, OCTET_CHANNEL_UNIT) * divide_up(inputs, PAIR) * pair_bytes(format);
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

/// G without its fractions, along one axis: `from` are taps `from_step` apart, `to` positions `to_step` apart. The
/// first and the last are times `ends`.
static void transform(const int16_t from[][UNIT], size_t from_step, int ends, int16_t to[][UNIT], size_t to_step) {
  for (size_t i = 0; i < UNIT; i++) {
    const int16_t a = from[0][i], b = from[from_step][i], c = from[2 * from_step][i];
    to[0][i] = (int16_t)(ends * a);
    to[to_step][i] = (int16_t)(a + b + c);
    to[2 * to_step][i] = (int16_t)(a - b + c);
    to[3 * to_step][i] = (int16_t)(a + 2 * b + 4 * c);
    to[4 * to_step][i] = (int16_t)(a - 2 * b + 4 * c);
    to[5 * to_step][i] = (int16_t)(ends * c);
  }
}

/// The weights of input channels `first_input` and the next for a panel, zeros beyond the last of either.
static void gather_pair(size_t inputs, size_t outputs, const int8_t *weights, size_t first_output, size_t first_input,
                        int16_t taps[TAPS * TAPS][UNIT]) {
  for (size_t i = 0; i < UNIT; i++) {
    const size_t output = first_output + i / PAIR, input = first_input + i % PAIR;
    const bool is_there = output < outputs && input < inputs;
    for (size_t tap = 0; tap < TAPS * TAPS; tap++) {
      taps[tap][i] = is_there ? weights[(output * inputs + input) * TAPS * TAPS + tap] : 0;
    }
  }
}

static void pack_taps(const int16_t taps[TAPS * TAPS][UNIT], uint8_t *packed) {
  for (size_t tap = 0; tap < TAPS * TAPS; tap++) {
    for (size_t i = 0; i < UNIT; i++) {
      *packed++ = (uint8_t)taps[tap][i];
    }
  }
}

/// Packs pair number `pair` of `pairs` for a panel, transformed.
static void pack_pair(octet_winograd_format format, const int16_t taps[TAPS * TAPS][UNIT], size_t pair, size_t pairs,
                      uint8_t *packed) {
  int16_t lines[OCTET_WINOGRAD_INPUTS * TAPS][UNIT], positions[OCTET_WINOGRAD_INPUTS][UNIT];
  for (size_t column = 0; column < TAPS; column++) {
    transform(taps + column, TAPS, 6, lines + column, TAPS);
  }
  for (size_t line = 0; line < OCTET_WINOGRAD_INPUTS; line++) {
    if (format == OCTET_WINOGRAD_HALF_TRANSFORMED) {
      memcpy(packed + (line * pairs + pair) * TAPS * UNIT_BYTES, lines + line * TAPS, TAPS * UNIT_BYTES);
      continue;
    }
    transform(lines + line * TAPS, 1, 1, positions, 1);
    for (size_t column = 0; column < OCTET_WINOGRAD_INPUTS; column++) {
      const size_t position = line * OCTET_WINOGRAD_INPUTS + column;
      memcpy(packed + (position * pairs + pair) * UNIT_BYTES, positions[column], UNIT_BYTES);
    }
  }
}

void octet_winograd_pack(octet_winograd_format format, size_t inputs, size_t outputs, const int8_t *weights,
                         uint8_t *packed) {
  const size_t pairs = divide_up(inputs, PAIR);
  int16_t taps[TAPS * TAPS][UNIT];
  for (size_t output = 0; output < outputs; output += OCTET_CHANNEL_UNIT) {
    for (size_t pair = 0; pair < pairs; pair++) {
      gather_pair(inputs, outputs, weights, output, pair * PAIR, taps);
      if (format == OCTET_WINOGRAD_UNTRANSFORMED) {
        pack_taps(taps, packed + pair * pair_bytes(format));
      } else {
        pack_pair(format, taps, pair, pairs, packed);
      }
    }
    packed += pairs * pair_bytes(format);
  }
}
