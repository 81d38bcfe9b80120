/// Recognizes the programs that kernels apply to sums in registers.
#include "octet_epilogue.h"

#include <math.h>

static bool has_operations(const octet_epilogue *epilogue, size_t count, const octet_operation *operations) {
  bool same = epilogue->step_count == count;
  for (size_t step = 0; same && step < count; step++) {
    same = epilogue->steps[step].operation == operations[step];
  }
  return same;
}

/// Whether |scale·sum + shift| stays below 2^31 for every channel and every sum of so many products; not so for NaN.
static bool stays_integer(const octet_epilogue_step *step, size_t channels, size_t products) {
  // The factors of a product are bytes less their zero points, below 2^8, and a sum is an s32.
  const float most_sum = fminf((float)products * 65536.0f, 2147483648.0f);
  bool stays = true;
  for (size_t channel = 0; stays && channel < channels; channel++) {
    stays = fabsf(step->first[channel]) * most_sum + fabsf(step->second[channel]) < 2147000000.0f;
  }
  return stays;
}

/// Whether |scale·v + shift| stays below 2^29 for |v| up to `most`.
static bool stays_small(float scale, float shift, float most) {
  return fabsf(scale) * most + fabsf(shift) < 536870912.0f;
}

static octet_epilogue_kind residual_kind_of(const octet_epilogue *epilogue) {
  static const octet_operation residual[] = {OCTET_SCALE_SHIFT, OCTET_ROUND_CLAMP, OCTET_ADD_OPERAND};
  static const octet_operation scaled_residual[] = {OCTET_SCALE_SHIFT, OCTET_ROUND_CLAMP, OCTET_SCALE_SHIFT_ALL,
                                                    OCTET_ADD_OPERAND};
  const octet_epilogue_step *steps = epilogue->steps;
  const bool is_scaled = has_operations(epilogue, 4, scaled_residual);
  if (!is_scaled && !has_operations(epilogue, 3, residual)) {
    return OCTET_EPILOGUE_ANY;
  }
  const octet_epilogue_step *add = &steps[epilogue->step_count - 1];
  const float rounded = fmaxf(fabsf(steps[1].a), fabsf(steps[1].b));
  const bool fits = (!is_scaled || stays_small(steps[2].a, steps[2].b, rounded)) && stays_small(add->a, add->b, 255);
  if (add->operand_type != OCTET_ELEMENT_U8 || !fits) {
    return OCTET_EPILOGUE_ANY;
  }
  return is_scaled ? OCTET_EPILOGUE_SCALED_RESIDUAL : OCTET_EPILOGUE_RESIDUAL;
}

/// What OCTET_EPILOGUE_FLOATS does, in its order: NULL for what it leaves out.
typedef struct {
  const octet_epilogue_step *scale, *scale_all, *add, *clamp;
} float_steps;

/// Takes the next step of a program if it is of this operation.
static const octet_epilogue_step *take(const octet_epilogue *epilogue, size_t *next, octet_operation operation) {
  const octet_epilogue_step *step = &epilogue->steps[*next];
  if (*next == epilogue->step_count || step->operation != operation) {
    return NULL;
  }
  ++*next;
  return step;
}

/// Whether a program is of that kind, and its steps.
static bool find_float_steps(const octet_epilogue *epilogue, float_steps *steps) {
  size_t next = 0;
  steps->scale = take(epilogue, &next, OCTET_SCALE_SHIFT);
  steps->scale_all = steps->scale ? NULL : take(epilogue, &next, OCTET_SCALE_SHIFT_ALL);
  steps->add = take(epilogue, &next, OCTET_ADD_OPERAND);
  steps->clamp = take(epilogue, &next, OCTET_CLAMP);
  return epilogue->output_type == OCTET_ELEMENT_F32 && next == epilogue->step_count &&
         (!steps->scale_all || steps->scale_all->a != 0) &&
         (!steps->add || steps->add->operand_type == OCTET_ELEMENT_F32) &&
         (!steps->clamp || steps->clamp->a > -INFINITY || steps->clamp->b < INFINITY);
}

octet_epilogue_kind octet_epilogue_kind_of(const octet_epilogue *epilogue, size_t integer_products) {
  static const octet_operation requantize[] = {OCTET_SCALE_SHIFT};
  float_steps steps;
  if (find_float_steps(epilogue, &steps)) {
    return OCTET_EPILOGUE_FLOATS;
  }
  if (integer_products == 0 || epilogue->output_type != OCTET_ELEMENT_U8 || epilogue->step_count == 0 ||
      epilogue->steps[0].operation != OCTET_SCALE_SHIFT ||
      !stays_integer(&epilogue->steps[0], epilogue->channels, integer_products)) {
    return OCTET_EPILOGUE_ANY;
  }
  return has_operations(epilogue, 1, requantize) ? OCTET_EPILOGUE_REQUANTIZE : residual_kind_of(epilogue);
}

bool octet_epilogue_is_activation(const octet_epilogue *epilogue, size_t integer_products) {
  static const octet_operation activation[] = {OCTET_SCALE_SHIFT, OCTET_FUNCTION, OCTET_SCALE_SHIFT};
  float scale;
  return integer_products > 0 && epilogue->output_type == OCTET_ELEMENT_U8 && has_operations(epilogue, 3, activation) &&
         octet_pieces_of(epilogue->steps[1].function, epilogue->steps[1].b, &scale) &&
         stays_integer(&epilogue->steps[0], epilogue->channels, integer_products);
}

/// The same for OCTET_EPILOGUE_FLOATS.
static octet_direct_rows float_rows_make(const octet_epilogue *epilogue, const octet_epilogue_buffers *buffers,
                                         const octet_epilogue_strides *strides, size_t first_pixel,
                                         size_t first_channel, size_t channels) {
  float_steps steps;
  find_float_steps(epilogue, &steps);
  const size_t channel_bytes = first_channel * sizeof(float);
  octet_direct_rows rows = {.scale = steps.scale ? steps.scale->first + first_channel : NULL,
                            .shift = steps.scale ? steps.scale->second + first_channel : NULL,
                            .middle_scale = steps.scale_all ? steps.scale_all->a : 0,
                            .middle_shift = steps.scale_all ? steps.scale_all->b : 0,
                            .middle_low = steps.clamp ? steps.clamp->a : -INFINITY,
                            .middle_high = steps.clamp ? steps.clamp->b : INFINITY,
                            .output = buffers->output + first_pixel * strides->output + channel_bytes,
                            .output_stride = strides->output,
                            .channels = channels};
  if (steps.add) {
    rows.operand_scale = steps.add->a;
    rows.operand_shift = steps.add->b;
    rows.operand_stride = strides->operands[steps.add->operand];
    rows.operand = buffers->operands[steps.add->operand] + first_pixel * rows.operand_stride + channel_bytes;
  }
  return rows;
}

octet_direct_rows octet_direct_rows_make(const octet_epilogue *epilogue, octet_epilogue_kind kind,
                                         const octet_epilogue_buffers *buffers, const octet_epilogue_strides *strides,
                                         size_t first_pixel, size_t first_channel, size_t channels) {
  if (kind == OCTET_EPILOGUE_FLOATS) {
    return float_rows_make(epilogue, buffers, strides, first_pixel, first_channel, channels);
  }
  const octet_epilogue_step *steps = epilogue->steps;
  octet_direct_rows rows = {.scale = steps[0].first + first_channel,
                            .shift = steps[0].second + first_channel,
                            .low = epilogue->low + first_channel,
                            .high = epilogue->high + first_channel,
                            .output = buffers->output + first_pixel * strides->output + first_channel,
                            .output_stride = strides->output,
                            .channels = channels};
  if (kind == OCTET_EPILOGUE_ACTIVATION) {
    rows.function = octet_pieces_of(steps[1].function, steps[1].b, &rows.function_scale);
    rows.last_scale = steps[2].first + first_channel;
    rows.last_shift = steps[2].second + first_channel;
  } else if (kind != OCTET_EPILOGUE_REQUANTIZE) {
    const octet_epilogue_step *add = &steps[epilogue->step_count - 1];
    rows.middle_low = steps[1].a;
    rows.middle_high = steps[1].b;
    rows.middle_scale = steps[2].a;
    rows.middle_shift = steps[2].b;
    rows.operand_scale = add->a;
    rows.operand_shift = add->b;
    rows.operand_stride = strides->operands[add->operand];
    rows.operand = buffers->operands[add->operand] + first_pixel * rows.operand_stride + first_channel;
  }
  return rows;
}
