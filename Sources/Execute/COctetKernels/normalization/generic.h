/// The kernel of octet_normalization.h, once for every instruction set.
#include "isa/name.h"
#include "isa/elements.h"

enum { SUMS_AT_ONCE = 4, BLOCK = SUMS_AT_ONCE * OCTET_LANES };

/// The sum over all lanes. Several vectors, because an addition has to wait for the one before.
OCTET_INLINE float sum_of_vectors(const f32x16 sums[SUMS_AT_ONCE]) {
  return sum_of_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/// A row; its type is a constant wherever this is inlined.
typedef struct {
  const uint8_t *base;
  octet_element type;
} source_row;

OCTET_INLINE f32x16 load_values(source_row row, size_t i) {
  return load_elements(row.base, i, row.type);
}

/// The first `count` lanes, and nothing past them; the others hold `rest`.
OCTET_INLINE f32x16 load_first_values(source_row row, size_t i, size_t count, float rest) {
  if (count >= OCTET_LANES) {
    return load_values(row, i);
  }
  if (row.type == OCTET_ELEMENT_F32) {
    return load_first_f32((const float *)row.base + i, count, rest);
  }
  float values[OCTET_LANES];
  for (size_t lane = 0; lane < OCTET_LANES; lane++) {
    const uint8_t byte = lane < count ? row.base[i + lane] : 0;
    values[lane] = lane < count ? (row.type == OCTET_ELEMENT_I8 ? (float)(int8_t)byte : (float)byte) : rest;
  }
  return load_f32(values);
}

OCTET_INLINE float sum_of_row(source_row row, size_t count) {
  f32x16 sums[SUMS_AT_ONCE] = {0};
  size_t i = 0;
  for (; i + BLOCK <= count; i += BLOCK) {
    _Pragma("clang loop unroll(full)") for (size_t v = 0; v < SUMS_AT_ONCE; v++) {
      sums[v] += load_values(row, i + v * OCTET_LANES);
    }
  }
  for (size_t v = 0; i < count; i += OCTET_LANES, v++) {
    sums[v] += load_first_values(row, i, count - i, 0);
  }
  return sum_of_vectors(sums);
}

/// Σ (x − mean)². Lanes past the end hold the mean, so that they add nothing.
OCTET_INLINE float sum_of_squares(source_row row, size_t count, float mean) {
  f32x16 sums[SUMS_AT_ONCE] = {0};
  size_t i = 0;
  for (; i + BLOCK <= count; i += BLOCK) {
    _Pragma("clang loop unroll(full)") for (size_t v = 0; v < SUMS_AT_ONCE; v++) {
      const f32x16 d = load_values(row, i + v * OCTET_LANES) - mean;
      sums[v] += d * d;
    }
  }
  for (size_t v = 0; i < count; i += OCTET_LANES, v++) {
    const f32x16 d = load_first_values(row, i, count - i, mean) - mean;
    sums[v] += d * d;
  }
  return sum_of_vectors(sums);
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

/// Where a row goes: `quantized` is NULL where there is no second destination.
typedef struct {
  void *destination;
  uint8_t *quantized;
} row_destinations;

OCTET_INLINE u8x16 rounded_bytes(f32x16 y, const octet_normalization_plan *plan) {
  return low_bytes(round_clamped_f32(y, plan->low, plan->high));
}

OCTET_INLINE void store_normalized(row_destinations to, source_row from, float mean, float divisor,
                                   const octet_normalization_plan *plan, size_t row) {
  for (size_t i = 0; i < plan->columns; i += OCTET_LANES) {
    const size_t left = plan->columns - i;
    f32x16 y = (load_first_values(from, i, left, 0) - mean) / divisor;
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
      store_first_f32((float *)to.destination + i, y, left);
    } else {
      store_first_u8((uint8_t *)to.destination + i, rounded_bytes(y, plan), left);
    }
    if (to.quantized) {
      y = y * load_f32(plan->scale + i) + load_f32(plan->shift + i);
      store_first_u8(to.quantized + i, rounded_bytes(y, plan), left);
    }
  }
}

OCTET_INLINE void normalize_rows(const octet_normalization_arguments *a, size_t begin, size_t end, octet_element type) {
  // A copy, because stores of floats could change gamma's address as far as the compiler knows.
  const octet_normalization_plan copy = *a->plan, *plan = &copy;
  const float count = (float)plan->columns;
  for (size_t row = begin; row < end; row++) {
    const size_t source_bytes = plan->source_stride * octet_element_bytes(type);
    const source_row from = {(const uint8_t *)a->source + row * source_bytes, type};
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
    const size_t row_bytes = plan->destination_stride * octet_element_bytes(plan->destination_type);
    const row_destinations to = {(uint8_t *)a->destination + row * row_bytes,
                                 plan->scale ? a->quantized + row * plan->columns : NULL};
    store_normalized(to, from, mean, divisor, plan, row);
  }
}

void OCTET_KERNEL_NAME(octet_normalization_f32)(const void *arguments, size_t begin, size_t end) {
  const octet_normalization_arguments *a = arguments;
  switch (a->plan->source_type) {
  case OCTET_ELEMENT_U8:
    normalize_rows(a, begin, end, OCTET_ELEMENT_U8);
    break;
  case OCTET_ELEMENT_I8:
    normalize_rows(a, begin, end, OCTET_ELEMENT_I8);
    break;
  case OCTET_ELEMENT_F32:
    normalize_rows(a, begin, end, OCTET_ELEMENT_F32);
    break;
  }
}
