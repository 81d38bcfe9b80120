/// The kernel of octet_unary.h, once for every instruction set.
#include <stdbool.h>

#include "isa/name.h"
#include "isa/vector_unary.h"

OCTET_INLINE void unary_of_row(float *to, const float *from, size_t count, octet_unary_operation operation,
                               const float *alpha, bool is_per_column, float beta) {
  const f32x16 first = alpha[0];
  for (size_t i = 0; i < count; i += OCTET_LANES) {
    const f32x16 y = unary_f32(load_f32(from + i), operation, is_per_column ? load_f32(alpha + i) : first, beta);
    store_first_f32(to + i, y, count - i);
  }
}

void OCTET_KERNEL_NAME(octet_unary_f32)(const void *arguments, size_t begin, size_t end) {
  const octet_unary_arguments *a = arguments;
  const octet_unary_plan *plan = a->plan;
  const size_t pieces = (plan->columns + OCTET_UNARY_UNIT - 1) / OCTET_UNARY_UNIT;
  const bool is_per_column = plan->parameter == OCTET_PARAMETER_PER_COLUMN;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t row = unit / pieces, first = unit % pieces * OCTET_UNARY_UNIT, left = plan->columns - first;
    const size_t count = left < OCTET_UNARY_UNIT ? left : OCTET_UNARY_UNIT;
    const float *from = a->source + row * plan->source_stride + first;
    float *to = a->destination + row * plan->destination_stride + first;
    const float *alpha = plan->alpha;
    if (is_per_column) {
      alpha += first;
    } else if (plan->parameter == OCTET_PARAMETER_PER_ROW) {
      alpha += row % plan->alpha_count;
    }
    switch (plan->operation) {
#define OCTET_CASE(operation)                                                                                          \
  case operation:                                                                                                      \
    unary_of_row(to, from, count, operation, alpha, is_per_column, plan->beta);                                        \
    break;
      OCTET_FOR_EVERY_UNARY_OPERATION(OCTET_CASE)
#undef OCTET_CASE
    }
  }
}
