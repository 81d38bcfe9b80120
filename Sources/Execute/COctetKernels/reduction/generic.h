/// The kernel of octet_reduction.h, once for every instruction set.
#include "isa/name.h"
#include "isa/vector.h"

/// What changes nothing.
OCTET_INLINE float neutral_element(octet_reduction_operation operation) {
  switch (operation) {
  case OCTET_REDUCE_SUM:
  case OCTET_REDUCE_MEAN:
    return 0;
  case OCTET_REDUCE_MAXIMUM:
    return -__builtin_inff();
  case OCTET_REDUCE_MINIMUM:
    return __builtin_inff();
  case OCTET_REDUCE_PRODUCT:
    break;
  }
  return 1;
}

OCTET_INLINE f32x16 reduce_lanes(f32x16 sum, f32x16 x, octet_reduction_operation operation) {
  switch (operation) {
  case OCTET_REDUCE_SUM:
  case OCTET_REDUCE_MEAN:
    return sum + x;
  case OCTET_REDUCE_MAXIMUM:
    return max_f32(x, sum);
  case OCTET_REDUCE_MINIMUM:
    return min_f32(x, sum);
  case OCTET_REDUCE_PRODUCT:
    break;
  }
  return sum * x;
}

OCTET_INLINE float reduce_across_lanes(f32x16 sums, octet_reduction_operation operation) {
  for (int by = 8; by >= 1; by /= 2) {
    sums = reduce_lanes(sums, rotate_f32(sums, by), operation);
  }
  return sums[0];
}

OCTET_INLINE void reduce(const octet_reduction_arguments *a, size_t begin, size_t end,
                         octet_reduction_operation operation) {
  const octet_reduction_plan *plan = a->plan;
  const size_t count = plan->axis, inner = plan->inner;
  const size_t blocks = (inner + OCTET_REDUCTION_UNIT - 1) / OCTET_REDUCTION_UNIT;
  const float neutral = neutral_element(operation), divisor = operation == OCTET_REDUCE_MEAN ? (float)count : 1.0f;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t outer = unit / blocks, first = unit % blocks * OCTET_REDUCTION_UNIT;
    const float *from = a->source + outer * count * inner + first;
    f32x16 sums = neutral;
    if (inner == 1) {
      for (size_t i = 0; i < count; i += OCTET_LANES) {
        sums = reduce_lanes(sums, load_first_f32(from + i, count - i, neutral), operation);
      }
      a->destination[outer] = reduce_across_lanes(sums, operation) / divisor;
    } else {
      for (size_t i = 0; i < count; i++) {
        sums = reduce_lanes(sums, load_f32(from + i * inner), operation);
      }
      store_first_f32(a->destination + outer * inner + first, sums / divisor, inner - first);
    }
  }
}

void OCTET_KERNEL_NAME(octet_reduction_f32)(const void *arguments, size_t begin, size_t end) {
  const octet_reduction_arguments *a = arguments;
  switch (a->plan->operation) {
  case OCTET_REDUCE_SUM:
    reduce(a, begin, end, OCTET_REDUCE_SUM);
    break;
  case OCTET_REDUCE_MEAN:
    reduce(a, begin, end, OCTET_REDUCE_MEAN);
    break;
  case OCTET_REDUCE_MAXIMUM:
    reduce(a, begin, end, OCTET_REDUCE_MAXIMUM);
    break;
  case OCTET_REDUCE_MINIMUM:
    reduce(a, begin, end, OCTET_REDUCE_MINIMUM);
    break;
  case OCTET_REDUCE_PRODUCT:
    reduce(a, begin, end, OCTET_REDUCE_PRODUCT);
    break;
  }
}
