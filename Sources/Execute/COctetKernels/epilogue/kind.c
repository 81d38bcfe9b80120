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

/// Whether |scale·sum + shift| stays below 2^31 for every channel and every s32 sum; not so for NaN.
static bool stays_integer(const octet_epilogue_step *step, size_t channels) {
  const float limit = 2147483648.0f;
  bool stays = true;
  for (size_t channel = 0; stays && channel < channels; channel++) {
    stays = fabsf(step->first[channel]) * limit + fabsf(step->second[channel]) < limit / 2;
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

octet_epilogue_kind octet_epilogue_kind_of(const octet_epilogue *epilogue, size_t channels) {
  static const octet_operation requantize[] = {OCTET_SCALE_SHIFT};
  if (epilogue->output_type != OCTET_ELEMENT_U8 || epilogue->step_count == 0 ||
      epilogue->steps[0].operation != OCTET_SCALE_SHIFT || !stays_integer(&epilogue->steps[0], channels)) {
    return OCTET_EPILOGUE_ANY;
  }
  return has_operations(epilogue, 1, requantize) ? OCTET_EPILOGUE_REQUANTIZE : residual_kind_of(epilogue);
}

octet_direct_rows octet_direct_rows_make(const octet_epilogue *epilogue, octet_epilogue_kind kind,
                                         const octet_epilogue_buffers *buffers, const octet_epilogue_strides *strides,
                                         size_t first_pixel, size_t first_channel, size_t channels) {
  const octet_epilogue_step *steps = epilogue->steps;
  octet_direct_rows rows = {.scale = steps[0].first + first_channel,
                            .shift = steps[0].second + first_channel,
                            .low = (uint8_t)epilogue->low,
                            .high = (uint8_t)epilogue->high,
                            .output = buffers->output + first_pixel * strides->output + first_channel,
                            .output_stride = strides->output,
                            .channels = channels};
  if (kind != OCTET_EPILOGUE_REQUANTIZE) {
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
