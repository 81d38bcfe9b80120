/// The kernel of octet_lookup.h. Byte by byte, but for whole vectors where lookup/shuffle.h was included first.
#include "isa/name.h"
#include "isa/vector.h"

OCTET_INLINE void lookup_bytes(const uint8_t *table, const uint8_t *from, uint8_t *to, size_t count) {
  size_t i = 0;
#ifdef OCTET_SHUFFLE
  i = lookup_vectors(table, from, to, count);
#endif
#pragma clang loop unroll_count(8)
  for (; i < count; i++) {
    to[i] = table[from[i]];
  }
}

OCTET_INLINE void lookup_floats(const float *table, const uint8_t *from, float *to, size_t count) {
#pragma clang loop unroll_count(8)
  for (size_t i = 0; i < count; i++) {
    to[i] = table[from[i]];
  }
}

void OCTET_KERNEL_NAME(octet_lookup_u8)(const void *arguments, size_t begin, size_t end) {
  const octet_lookup_arguments *a = arguments;
  const octet_lookup_plan *plan = a->plan;
  const size_t pieces = (plan->columns + OCTET_LOOKUP_UNIT - 1) / OCTET_LOOKUP_UNIT;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t row = unit / pieces, first = unit % pieces * OCTET_LOOKUP_UNIT, left = plan->columns - first;
    const size_t count = left < OCTET_LOOKUP_UNIT ? left : OCTET_LOOKUP_UNIT;
    const uint8_t *from = a->source + row * plan->source_stride + first;
    const size_t to = row * plan->destination_stride + first;
    if (plan->bytes) {
      lookup_bytes(plan->bytes, from, (uint8_t *)a->destination + to, count);
    } else {
      lookup_floats(plan->floats, from, (float *)a->destination + to, count);
    }
  }
}
