/// Taming: vpmaddubsw multiplies u8 by s8 and adds two neighbours in s16, which saturates. It cannot where the two
/// weights add up to at most 128, since 255 · 128 < 32768, nor where their signs differ. What exceeds that is taken
/// from the larger weight of the pair and becomes an outlier. Weights with one scale per channel rarely have any.
#include "octet_convolution.h"

enum { QUAD = 4, PAIR = 2, MOST = 128 };

static int excess(int a, int b) {
  const int sum = a + b;
  return sum > MOST ? sum - MOST : (sum < -MOST ? sum + MOST : 0);
}

size_t octet_outlier_count(const octet_weight_layout *layout, const uint8_t *packed) {
  const int8_t *weights = (const int8_t *)packed;
  size_t count = 0;
  for (size_t i = 0; i < layout->groups * layout->group_bytes; i += PAIR) {
    count += excess(weights[i], weights[i + 1]) != 0;
  }
  return count;
}

static int magnitude(int value) {
  return value < 0 ? -value : value;
}

void octet_weights_tame(const octet_weight_layout *layout, const octet_convolution_panel *panels, uint8_t *packed,
                        octet_outlier *outliers, size_t *starts) {
  size_t count = 0;
  for (size_t index = 0; index < layout->groups * layout->panel_count; index++) {
    const octet_convolution_panel *panel = &panels[index % layout->panel_count];
    const size_t channels = panel->kernel->channels, steps = layout->runs * layout->steps;
    int8_t *weights = (int8_t *)packed + index / layout->panel_count * layout->group_bytes + panel->weight_offset;
    starts[index] = count;
    for (size_t i = 0; i < steps * channels * QUAD; i += PAIR) {
      const int over = excess(weights[i], weights[i + 1]);
      if (over == 0) {
        continue;
      }
      const size_t at = i + (magnitude(weights[i]) < magnitude(weights[i + 1]));
      const size_t step = at / QUAD / channels;
      weights[at] = (int8_t)(weights[at] - over);
      outliers[count++] = (octet_outlier){.run = (uint32_t)(step / layout->steps),
                                          .element = (uint32_t)(step % layout->steps * QUAD + at % QUAD),
                                          .channel = (uint32_t)(at / QUAD % channels),
                                          .weight = over};
    }
  }
  starts[layout->groups * layout->panel_count] = count;
}
