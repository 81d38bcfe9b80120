/// The kernel of octet_normalization.h, once for every instruction set.
#include "isa/name.h"
#include "isa/vector.h"

OCTET_INLINE float sum_of_row(const float *row, size_t count) {
  f32x16 sums = 0;
  for (size_t i = 0; i < count; i += OCTET_LANES) {
    sums += load_first_f32(row + i, count - i, 0);
  }
  return sum_of_lanes(sums);
}

/// Σ (x − mean)². Lanes past the end hold the mean, so that they add nothing.
OCTET_INLINE float sum_of_squares(const float *row, size_t count, float mean) {
  f32x16 sums = 0;
  for (size_t i = 0; i < count; i += OCTET_LANES) {
    const f32x16 d = load_first_f32(row + i, count - i, mean) - mean;
    sums += d * d;
  }
  return sum_of_lanes(sums);
}

OCTET_INLINE float divisor_of(float value, const octet_normalization_plan *plan) {
  switch (plan->epsilon_mode) {
  case OCTET_EPSILON_INSIDE_ROOT:
    return __builtin_sqrtf(value + plan->epsilon);
  case OCTET_EPSILON_OUTSIDE_ROOT:
    return __builtin_sqrtf(value) + plan->epsilon;
  case OCTET_EPSILON_LEAST:
    break;
  }
  return __builtin_sqrtf(value > plan->epsilon ? value : plan->epsilon);
}

/// `destination` is the row's first element.
OCTET_INLINE void store_normalized(void *destination, const float *from, float mean, float divisor,
                                   const octet_normalization_plan *plan, size_t row) {
  for (size_t i = 0; i < plan->columns; i += OCTET_LANES) {
    const size_t left = plan->columns - i;
    f32x16 y = (load_first_f32(from + i, left, 0) - mean) / divisor;
    switch (plan->parameter) {
    case OCTET_NORMALIZATION_PLAIN:
      break;
    case OCTET_NORMALIZATION_PER_ROW:
      y = y * plan->gamma[row % plan->parameter_count] + plan->beta[row % plan->parameter_count];
      break;
    case OCTET_NORMALIZATION_PER_COLUMN:
      y = y * load_f32(plan->gamma + i) + load_f32(plan->beta + i);
      break;
    }
    if (plan->destination_type == OCTET_ELEMENT_F32) {
      store_first_f32((float *)destination + i, y, left);
    } else {
      store_first_u8((uint8_t *)destination + i, low_bytes(round_clamped_f32(y, plan->low, plan->high)), left);
    }
  }
}

void OCTET_KERNEL_NAME(octet_normalization_f32)(const void *arguments, size_t begin, size_t end) {
  const octet_normalization_arguments *a = arguments;
  // A copy, because stores of floats could change gamma's address as far as the compiler knows.
  const octet_normalization_plan copy = *a->plan, *plan = &copy;
  const float count = (float)plan->columns;
  for (size_t row = begin; row < end; row++) {
    const float *from = a->source + row * plan->source_stride;
    float mean = 0, divisor = 1;
    switch (plan->operation) {
    case OCTET_NORMALIZE_MEAN:
      mean = sum_of_row(from, plan->columns) / count;
      break;
    case OCTET_NORMALIZE_MEAN_AND_VARIANCE:
      mean = sum_of_row(from, plan->columns) / count;
      divisor = divisor_of(sum_of_squares(from, plan->columns, mean) / count, plan);
      break;
    case OCTET_NORMALIZE_LENGTH:
      divisor = divisor_of(sum_of_squares(from, plan->columns, 0), plan);
      break;
    }
    uint8_t *to =
        (uint8_t *)a->destination + row * plan->destination_stride * octet_element_bytes(plan->destination_type);
    store_normalized(to, from, mean, divisor, plan, row);
  }
}
