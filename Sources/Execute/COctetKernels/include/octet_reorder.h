/// Moves elements without changing them: changes of layout, transposition, concatenation, slicing, broadcasting.
///
///   destination[Σ i[a]·destination_stride[a]] = source[Σ i[a]·source_stride[a]]   for all i[a] in 0 ..< extent[a]
///
/// Strides count bytes. A source stride may be 0 (broadcasting) or negative (reversal).
#ifndef OCTET_REORDER_H
#define OCTET_REORDER_H

#include <stddef.h>
#include <stdint.h>

#include "octet_range.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum octet_reorder_kind {
  /// The last axis is contiguous on both sides: rows are copied.
  OCTET_REORDER_COPY,
  /// The last axis is contiguous in the destination and the one before it in the source: blocks are transposed.
  OCTET_REORDER_TRANSPOSE,
  /// Neither: elements are moved one by one.
  OCTET_REORDER_GATHER,
} octet_reorder_kind;

enum { OCTET_REORDER_AXES = 8 };

/// Axes are ordered outermost first; unused ones come first, with extent 1.
typedef struct octet_reorder_plan {
  octet_reorder_kind kind;
  /// 1, 2, 4 or 8 bytes; any size in a copy.
  size_t element_size;
  size_t extent[OCTET_REORDER_AXES];
  ptrdiff_t source_stride[OCTET_REORDER_AXES], destination_stride[OCTET_REORDER_AXES];
  /// The last axis of a copy, or the one before it of a transposition, is worked on in pieces of this many elements.
  size_t piece;
} octet_reorder_plan;

/// How many units of work a plan has: rows or pieces of them.
static inline size_t octet_reorder_units(const octet_reorder_plan *plan) {
  size_t outer = 1;
  for (int axis = 0; axis < OCTET_REORDER_AXES - 2; axis++) {
    outer *= plan->extent[axis];
  }
  const size_t rows = plan->extent[OCTET_REORDER_AXES - 2], columns = plan->extent[OCTET_REORDER_AXES - 1];
  switch (plan->kind) {
  case OCTET_REORDER_COPY:
    return outer * rows * ((columns + plan->piece - 1) / plan->piece);
  case OCTET_REORDER_TRANSPOSE:
    return columns == 0 ? 0 : outer * ((rows + plan->piece - 1) / plan->piece);
  case OCTET_REORDER_GATHER:
    return outer * rows;
  }
  return 0;
}

typedef struct octet_reorder_arguments {
  const octet_reorder_plan *plan;
  const uint8_t *source;
  uint8_t *destination;
} octet_reorder_arguments;

octet_range_kernel_list octet_reorder_kernels(void);

#ifdef __cplusplus
}
#endif

#endif
