/// The kernel of octet_resample.h, once for every instruction set.
#include "isa/elements.h"
#include "isa/name.h"

/// The taps of one position.
typedef struct {
  const uint32_t *index;
  const float *weight;
  size_t count;
} tap_list;

OCTET_INLINE tap_list taps_of(const octet_resample_axis *axis, size_t position) {
  const size_t first = axis->first[position];
  return (tap_list){axis->index + first, axis->weight + first, axis->first[position + 1] - first};
}

OCTET_INLINE void store_channels(const octet_resample_plan *plan, uint8_t *to, size_t index, f32x16 v, size_t count) {
  const f32x16 y = clamp_f32(v, plan->minimum, plan->maximum) * plan->scale + plan->offset;
  if (plan->destination_type == OCTET_ELEMENT_F32) {
    store_first_f32((float *)to + index, y, count);
  } else {
    store_first_u8(to + index, low_bytes(round_clamped_f32(y, plan->low, plan->high)), count);
  }
}

/// One result pixel: `vectors` vectors of channels at a time share the walk over the taps.
OCTET_INLINE size_t sum_channels(const octet_resample_plan *plan, const uint8_t *image, tap_list rows, tap_list columns,
                                 uint8_t *to, size_t channel, octet_element type, int vectors) {
  for (; channel + (size_t)(vectors - 1) * OCTET_LANES < plan->channels; channel += (size_t)vectors * OCTET_LANES) {
    f32x16 sums[4];
    for (int v = 0; v < vectors; v++) {
      sums[v] = plan->shift;
    }
    for (size_t r = 0; r < rows.count; r++) {
      for (size_t c = 0; c < columns.count; c++) {
        const size_t pixel = (size_t)rows.index[r] * plan->source_columns + columns.index[c];
        const f32x16 weight = rows.weight[r] * columns.weight[c];
        for (int v = 0; v < vectors; v++) {
          const size_t index = pixel * plan->source_stride + channel + (size_t)v * OCTET_LANES;
          sums[v] += load_elements(image, index, type) * weight;
        }
      }
    }
    for (int v = 0; v < vectors; v++) {
      const size_t first = channel + (size_t)v * OCTET_LANES;
      store_channels(plan, to, first, sums[v], plan->channels - first);
    }
  }
  return channel;
}

OCTET_INLINE void sum_row(const octet_resample_plan *plan, const uint8_t *image, tap_list rows, uint8_t *to,
                          octet_element type) {
  for (size_t column = 0; column < plan->columns; column++) {
    const tap_list columns = taps_of(&plan->column_axis, column);
    uint8_t *pixel = to + column * plan->destination_stride * octet_element_bytes(plan->destination_type);
    const size_t channel = sum_channels(plan, image, rows, columns, pixel, 0, type, 4);
    sum_channels(plan, image, rows, columns, pixel, channel, type, 1);
  }
}

static void copy_row(const octet_resample_plan *plan, const uint8_t *image, size_t row, uint8_t *to) {
  const size_t size = plan->element_size, bytes = plan->channels * size;
  const uint8_t *source = image + (size_t)plan->row_axis.index[row] * plan->source_columns * plan->source_stride * size;
  for (size_t column = 0; column < plan->columns; column++) {
    const uint8_t *from = source + plan->column_axis.index[column] * plan->source_stride * size;
    uint8_t *pixel = to + column * plan->destination_stride * size;
    if (bytes < 64) {
      copy_short(pixel, from, bytes);
    } else {
      __builtin_memcpy(pixel, from, bytes);
    }
  }
}

void OCTET_KERNEL_NAME(octet_resample)(const void *arguments, size_t begin, size_t end) {
  const octet_resample_arguments *a = arguments;
  const octet_resample_plan *plan = a->plan;
  const size_t source_bytes = plan->copies ? plan->element_size : octet_element_bytes(plan->source_type);
  const size_t bytes = plan->copies ? plan->element_size : octet_element_bytes(plan->destination_type);
  for (size_t unit = begin; unit < end; unit++) {
    const size_t row = unit % plan->rows;
    const uint8_t *image =
        a->source + unit / plan->rows * plan->source_rows * plan->source_columns * plan->source_stride * source_bytes;
    uint8_t *to = a->destination + unit * plan->columns * plan->destination_stride * bytes;
    if (plan->copies) {
      copy_row(plan, image, row, to);
      continue;
    }
    const tap_list rows = taps_of(&plan->row_axis, row);
    switch (plan->source_type) {
    case OCTET_ELEMENT_U8:
      sum_row(plan, image, rows, to, OCTET_ELEMENT_U8);
      break;
    case OCTET_ELEMENT_I8:
      sum_row(plan, image, rows, to, OCTET_ELEMENT_I8);
      break;
    case OCTET_ELEMENT_F32:
      sum_row(plan, image, rows, to, OCTET_ELEMENT_F32);
      break;
    }
  }
}
