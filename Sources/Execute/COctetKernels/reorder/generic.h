/// The kernel of octet_reorder.h.
#include <stdbool.h>

#include "isa/name.h"
#include "isa/vector.h"

typedef uint8_t block_element__1;
typedef uint16_t block_element__2;
typedef uint32_t block_element__4;
typedef uint64_t block_element__8;

#define OCTET_ELEMENT_BYTES 1
#include "reorder/block.h"
#define OCTET_ELEMENT_BYTES 2
#include "reorder/block.h"
#define OCTET_ELEMENT_BYTES 4
#include "reorder/block.h"
#define OCTET_ELEMENT_BYTES 8
#include "reorder/block.h"

/// Moves both pointers to the element whose number among the first `axes` axes is `index`.
OCTET_INLINE void seek(const octet_reorder_plan *plan, int axes, size_t index, const uint8_t **source,
                       uint8_t **destination) {
  for (int axis = axes - 1; index != 0; axis--) {
    if (plan->extent[axis] == 1) {
      continue; // Most axes are unused, and divisions are slow.
    }
    const ptrdiff_t i = (ptrdiff_t)(index % plan->extent[axis]);
    index /= plan->extent[axis];
    *source += i * plan->source_stride[axis];
    *destination += i * plan->destination_stride[axis];
  }
}

static void copy_rows(const octet_reorder_arguments *a, size_t begin, size_t end) {
  const octet_reorder_plan *plan = a->plan;
  const size_t columns = plan->extent[OCTET_REORDER_AXES - 1], pieces = (columns + plan->piece - 1) / plan->piece;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t first = unit % pieces * plan->piece;
    const size_t count = columns - first < plan->piece ? columns - first : plan->piece;
    const uint8_t *source = a->source + first * plan->element_size;
    uint8_t *destination = a->destination + first * plan->element_size;
    seek(plan, OCTET_REORDER_AXES - 1, unit / pieces, &source, &destination);
    const size_t bytes = count * plan->element_size;
    if (bytes < 64) {
      copy_short(destination, source, bytes);
    } else {
      __builtin_memcpy(destination, source, bytes);
    }
  }
}

static void transpose_planes(const octet_reorder_arguments *a, size_t begin, size_t end) {
  const octet_reorder_plan *plan = a->plan;
  const int row_axis = OCTET_REORDER_AXES - 2, column_axis = OCTET_REORDER_AXES - 1;
  const size_t rows = plan->extent[row_axis], pieces = (rows + plan->piece - 1) / plan->piece;
  const ptrdiff_t source_stride = plan->source_stride[column_axis];
  const ptrdiff_t destination_stride = plan->destination_stride[row_axis];
  for (size_t unit = begin; unit < end; unit++) {
    const size_t first = unit % pieces * plan->piece;
    const size_t count = rows - first < plan->piece ? rows - first : plan->piece, columns = plan->extent[column_axis];
    const uint8_t *source = a->source + first * plan->element_size;
    uint8_t *destination = a->destination + (ptrdiff_t)first * destination_stride;
    seek(plan, row_axis, unit / pieces, &source, &destination);
    switch (plan->element_size) {
    case 1:
      transpose_plane__1(source, source_stride, destination, destination_stride, count, columns);
      break;
    case 2:
      transpose_plane__2(source, source_stride, destination, destination_stride, count, columns);
      break;
    case 4:
      transpose_plane__4(source, source_stride, destination, destination_stride, count, columns);
      break;
    default:
      transpose_plane__8(source, source_stride, destination, destination_stride, count, columns);
      break;
    }
  }
}

/// Moves the rows begin ..< end, whose elements have `size` bytes.
OCTET_INLINE void gather_rows(const octet_reorder_arguments *a, size_t begin, size_t end, size_t size) {
  const octet_reorder_plan *plan = a->plan;
  const int last = OCTET_REORDER_AXES - 1;
  for (size_t unit = begin; unit < end; unit++) {
    const uint8_t *source = a->source;
    uint8_t *destination = a->destination;
    seek(plan, last, unit, &source, &destination);
    for (size_t i = 0; i < plan->extent[last]; i++) {
      __builtin_memcpy(destination, source, size);
      source += plan->source_stride[last];
      destination += plan->destination_stride[last];
    }
  }
}

static void gather(const octet_reorder_arguments *a, size_t begin, size_t end) {
  switch (a->plan->element_size) {
  case 1:
    gather_rows(a, begin, end, 1);
    break;
  case 2:
    gather_rows(a, begin, end, 2);
    break;
  case 4:
    gather_rows(a, begin, end, 4);
    break;
  default:
    gather_rows(a, begin, end, 8);
    break;
  }
}

void OCTET_KERNEL_NAME(octet_reorder)(const void *arguments, size_t begin, size_t end) {
  const octet_reorder_arguments *a = arguments;
  switch (a->plan->kind) {
  case OCTET_REORDER_COPY:
    copy_rows(a, begin, end);
    break;
  case OCTET_REORDER_TRANSPOSE:
    transpose_planes(a, begin, end);
    break;
  case OCTET_REORDER_GATHER:
    gather(a, begin, end);
    break;
  }
}
