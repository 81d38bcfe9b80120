/// Any function of one byte, by a table of its 256 results.
///
///   y = table[x]
#ifndef OCTET_LOOKUP_H
#define OCTET_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#include "octet_range.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Rows of bytes; strides count elements from one row to the next. One of the tables is NULL, and the other says what
/// the destination's elements are. A table for i8 is indexed by its bytes: -1 stands at 255.
typedef struct octet_lookup_plan {
  const uint8_t *bytes;
  const float *floats;
  size_t rows, columns;
  size_t source_stride, destination_stride;
} octet_lookup_plan;

/// Elements of a row that make a unit.
enum { OCTET_LOOKUP_UNIT = 4096 };

static inline size_t octet_lookup_units(const octet_lookup_plan *plan) {
  return plan->rows * ((plan->columns + OCTET_LOOKUP_UNIT - 1) / OCTET_LOOKUP_UNIT);
}

/// Nothing past the end of the source is read. The destination may be the source when it holds bytes.
typedef struct octet_lookup_arguments {
  const octet_lookup_plan *plan;
  const uint8_t *source;
  void *destination;
} octet_lookup_arguments;

octet_range_kernel_list octet_lookup_u8_kernels(void);

#ifdef __cplusplus
}
#endif

#endif
