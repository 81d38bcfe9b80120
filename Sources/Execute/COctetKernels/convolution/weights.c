/// Packed weights: how the output channels are split into panels, and what order the weights take in them.
#include "octet_convolution.h"

#include <string.h>

enum { QUAD = 4, FEW_FLOATS = 8 };

static size_t divide_up(size_t a, size_t b) {
  return (a + b - 1) / b;
}

static bool is_integer(octet_weight_format format) {
  return format != OCTET_WEIGHTS_F32;
}

/// The widest kernel of the best instruction set: the first line of the list that `isa` includes.
static const octet_dot_kernel *best_kernel(octet_dot_kernel_list list, octet_isa isa) {
  const octet_dot_kernel *kernel = list.kernels;
  while (kernel->isa > isa) {
    kernel++;
  }
  return kernel;
}

/// The kernel of the same instruction set whose panel has `channels` channels; the widest where there is none.
static const octet_dot_kernel *kernel_of_width(const octet_dot_kernel *widest, octet_dot_kernel_list list,
                                               size_t channels) {
  for (const octet_dot_kernel *k = widest; k < list.kernels + list.count && k->isa == widest->isa; k++) {
    if (k->channels == channels) {
      return k;
    }
  }
  return widest;
}

/// Bytes of a panel's weights, per channel.
static size_t channel_bytes(const octet_weight_layout *layout) {
  const size_t step_bytes = layout->format == OCTET_WEIGHTS_PAIRS_S16 ? 8 : 4;
  return layout->runs * layout->steps * step_bytes;
}

/// How many taps one run covers. Few channels make poor runs: a tap of 3 would take a step of 4. A line of a 7×7 kernel
/// has 21 elements in 6 steps rather than 7; the whole kernel has 147 in 37 rather than 42, for which its windows are
/// gathered.
static size_t taps_of_run(const octet_convolution_geometry *g, bool of_integers) {
  const size_t lines = g->kernel[0] * g->kernel[1], taps = lines * g->kernel[2], inputs = g->group_inputs;
  const bool fits_window = taps * inputs * (of_integers ? 1 : sizeof(float)) <= OCTET_GATHERED_WINDOW;
  if (!of_integers) {
    return fits_window && inputs < FEW_FLOATS ? taps : 1;
  }
  if (inputs % QUAD == 0) {
    return 1;
  }
  const bool fits_line = g->kernel[2] * inputs <= OCTET_GATHERED_LINE;
  const size_t run = fits_line ? g->kernel[2] : 1;
  const bool saves_steps = divide_up(taps * inputs, QUAD) < taps / run * divide_up(run * inputs, QUAD);
  return fits_window && saves_steps ? taps : run;
}

octet_weight_layout octet_weight_layout_make(const octet_convolution_geometry *g, octet_dot_kernel_list list,
                                             octet_isa isa) {
  const octet_dot_kernel *widest = best_kernel(list, isa);
  octet_weight_layout layout = {.groups = g->groups,
                                .group_inputs = g->group_inputs,
                                .group_outputs = g->group_outputs,
                                .kernel = {g->kernel[0], g->kernel[1], g->kernel[2]},
                                .format = widest->format};
  layout.run_taps = taps_of_run(g, is_integer(layout.format));
  layout.runs = g->kernel[0] * g->kernel[1] * g->kernel[2] / layout.run_taps;
  layout.run_elements = layout.run_taps * g->group_inputs;
  layout.steps = is_integer(layout.format) ? divide_up(layout.run_elements, QUAD) : layout.run_elements;
  const size_t half = OCTET_CHANNEL_UNIT / 2;
  if (g->group_outputs <= half && kernel_of_width(widest, list, half)->channels == half) {
    layout.panel_count = 1;
    layout.group_channels = half;
  } else {
    const size_t units = divide_up(g->group_outputs, OCTET_CHANNEL_UNIT);
    layout.panel_count = divide_up(units, widest->channels / OCTET_CHANNEL_UNIT);
    layout.group_channels = units * OCTET_CHANNEL_UNIT;
  }
  layout.group_bytes = layout.group_channels * channel_bytes(&layout);
  return layout;
}

void octet_weight_panels(const octet_weight_layout *layout, octet_dot_kernel_list list, octet_isa isa,
                         octet_convolution_panel *panels) {
  const octet_dot_kernel *widest = best_kernel(list, isa);
  // Panels of nearly the same width: 96 channels are 48 + 48, since a panel of 32 makes less of each load than 48.
  const bool is_half = layout->group_channels < OCTET_CHANNEL_UNIT;
  const size_t unit = is_half ? layout->group_channels : OCTET_CHANNEL_UNIT;
  const size_t units = layout->group_channels / unit, panel_count = layout->panel_count;
  size_t first = 0;
  for (size_t p = 0; p < panel_count; p++) {
    const size_t width = (units / panel_count + (p < units % panel_count)) * unit;
    const size_t left = layout->group_outputs - first;
    panels[p] = (octet_convolution_panel){.kernel = kernel_of_width(widest, list, width),
                                          .first_channel = first,
                                          .channels = left < width ? left : width,
                                          .weight_offset = first * channel_bytes(layout),
                                          .initial_offset = first};
    first += width;
  }
}

size_t octet_packed_index(octet_weight_format format, size_t width, size_t step, size_t channel, size_t element) {
  switch (format) {
  case OCTET_WEIGHTS_QUADS_S8:
    return (step * width + channel) * QUAD + element;
  case OCTET_WEIGHTS_PAIRS_S16: {
    const size_t unit = step * width + channel / OCTET_CHANNEL_UNIT * OCTET_CHANNEL_UNIT;
    return (unit * 2 + element % 2 * OCTET_CHANNEL_UNIT + channel % OCTET_CHANNEL_UNIT) * 2 + element / 2;
  }
  case OCTET_WEIGHTS_F32:
    return step * width + channel;
  }
  return 0;
}

void octet_place_weight(octet_weight_format format, void *packed, size_t to, const void *weights, size_t from) {
  switch (format) {
  case OCTET_WEIGHTS_QUADS_S8:
    ((int8_t *)packed)[to] = ((const int8_t *)weights)[from];
    break;
  case OCTET_WEIGHTS_PAIRS_S16:
    ((int16_t *)packed)[to] = ((const int8_t *)weights)[from];
    break;
  case OCTET_WEIGHTS_F32:
    ((float *)packed)[to] = ((const float *)weights)[from];
    break;
  }
}

/// Packs one output channel. `channel` is its number in the panel, `row` its [inputs][taps] weights.
static void pack_channel(const octet_weight_layout *layout, size_t width, size_t channel, size_t row,
                         const void *weights, uint8_t *packed) {
  const size_t inputs = layout->group_inputs, taps = layout->runs * layout->run_taps;
  const size_t step_elements = is_integer(layout->format) ? QUAD : 1;
  for (size_t tap = 0; tap < taps; tap++) {
    const size_t first_step = tap / layout->run_taps * layout->steps;
    const size_t first_element = tap % layout->run_taps * inputs;
    for (size_t input = 0; input < inputs; input++) {
      const size_t element = first_element + input;
      const size_t to = octet_packed_index(layout->format, width, first_step + element / step_elements, channel,
                                           element % step_elements);
      octet_place_weight(layout->format, packed, to, weights, row + input * taps + tap);
    }
  }
}

void octet_weights_pack(const octet_weight_layout *layout, const octet_convolution_panel *panels, const void *weights,
                        uint8_t *packed) {
  const size_t row_length = layout->group_inputs * layout->runs * layout->run_taps;
  for (size_t group = 0; group < layout->groups; group++) {
    for (const octet_convolution_panel *panel = panels; panel < panels + layout->panel_count; panel++) {
      const size_t first = group * layout->group_outputs + panel->first_channel;
      uint8_t *to = packed + group * layout->group_bytes + panel->weight_offset;
      for (size_t channel = 0; channel < panel->channels; channel++) {
        pack_channel(layout, panel->kernel->channels, channel, (first + channel) * row_length, weights, to);
      }
    }
  }
}

/// Adds Σ w0·w1 + w2·w3 of a step's weights of sixteen channels.
static void add_pair_products(const int16_t *weights, uint32_t *products) {
  const int16_t *odd = weights + OCTET_CHANNEL_UNIT * 2;
  for (size_t channel = 0; channel < OCTET_CHANNEL_UNIT; channel++) {
    const int32_t product = weights[2 * channel] * odd[2 * channel] + weights[2 * channel + 1] * odd[2 * channel + 1];
    products[channel] += (uint32_t)product;
  }
}

void octet_weights_pair_products(const octet_weight_layout *layout, const octet_convolution_panel *panels,
                                 const uint8_t *packed, int32_t *products) {
  for (size_t group = 0; group < layout->groups; group++, packed += layout->group_bytes) {
    for (const octet_convolution_panel *panel = panels; panel < panels + layout->panel_count; panel++) {
      const size_t units = panel->kernel->channels / OCTET_CHANNEL_UNIT;
      const int16_t *weights = (const int16_t *)(packed + panel->weight_offset);
      for (size_t unit = 0; unit < units; unit++) {
        uint32_t sums[OCTET_CHANNEL_UNIT] = {0};
        for (size_t step = 0; step < layout->runs * layout->steps; step++) {
          add_pair_products(weights + (step * units + unit) * OCTET_CHANNEL_UNIT * QUAD, sums);
        }
        memcpy(products + panel->initial_offset + unit * OCTET_CHANNEL_UNIT, sums, sizeof sums);
      }
    }
    products += layout->group_channels;
  }
}

void octet_weights_sum_s8(const int8_t *weights, size_t channels, size_t length, int32_t *sums) {
  for (size_t channel = 0; channel < channels; channel++, weights += length) {
    int32_t sum = 0;
    for (size_t i = 0; i < length; i++) {
      sum += weights[i];
    }
    sums[channel] = sum;
  }
}
