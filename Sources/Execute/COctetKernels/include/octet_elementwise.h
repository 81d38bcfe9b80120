/// Binary operations on tensors of any layout, with broadcasting.
///
///   v = operation(a·scale_a + shift_a, b·scale_b + shift_b)
///   y = clamp(v, minimum, maximum)·scale + shift
///   and for bytes  q = clamp(roundHalfEven(y), low, high)
///
/// A maximum or minimum of a NaN and a number is b, whichever of the two is the NaN. The first clamp is optional; in
/// both NaN gives the lower bound.
#ifndef OCTET_ELEMENTWISE_H
#define OCTET_ELEMENTWISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "octet_element.h"
#include "octet_range.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum octet_elementwise_operation {
  OCTET_ELEMENTWISE_ADD,
  OCTET_ELEMENTWISE_SUBTRACT,
  OCTET_ELEMENTWISE_MULTIPLY,
  OCTET_ELEMENTWISE_DIVIDE,
  OCTET_ELEMENTWISE_MAXIMUM,
  OCTET_ELEMENTWISE_MINIMUM,
  OCTET_ELEMENTWISE_SQUARED_DIFFERENCE,
} octet_elementwise_operation;

typedef enum octet_affine_kind {
  /// Nothing is done: not even -0 changes.
  OCTET_AFFINE_NONE,
  OCTET_AFFINE_SCALAR,
  /// A scale and a shift for every position along the last axis.
  OCTET_AFFINE_PER_COLUMN,
} octet_affine_kind;

/// x·scale + shift. `scale` and `shift` hold one value or one per column, rounded up to a multiple of 16 values.
typedef struct octet_affine {
  octet_affine_kind kind;
  const float *scale, *shift;
} octet_affine;

enum { OCTET_ELEMENTWISE_AXES = 6, OCTET_ELEMENTWISE_TILE = 1024 };

/// Strides count elements, outermost axis first; 0 broadcasts.
typedef struct octet_operand {
  octet_element type;
  octet_affine affine;
  ptrdiff_t stride[OCTET_ELEMENTWISE_AXES];
} octet_operand;

/// The last axis holds columns, the one before it rows; unused axes come first, with extent 1. The destination's last
/// stride is 1.
typedef struct octet_elementwise_plan {
  octet_elementwise_operation operation;
  size_t extent[OCTET_ELEMENTWISE_AXES];
  octet_operand a, b;
  bool is_clamped;
  float minimum, maximum;
  octet_affine affine;
  octet_element destination_type;
  ptrdiff_t destination_stride[OCTET_ELEMENTWISE_AXES];
  /// Integers from -512 to 511.
  float low, high;
  /// A unit is a tile of so many rows and columns, at most OCTET_ELEMENTWISE_TILE elements.
  size_t tile_rows, tile_columns;
} octet_elementwise_plan;

static inline size_t octet_elementwise_units(const octet_elementwise_plan *plan) {
  size_t units = 1;
  for (int axis = 0; axis < OCTET_ELEMENTWISE_AXES - 2; axis++) {
    units *= plan->extent[axis];
  }
  return units * ((plan->extent[OCTET_ELEMENTWISE_AXES - 2] + plan->tile_rows - 1) / plan->tile_rows) *
         ((plan->extent[OCTET_ELEMENTWISE_AXES - 1] + plan->tile_columns - 1) / plan->tile_columns);
}

/// Up to 60 bytes past the end of `a` and `b` are read, and not used.
typedef struct octet_elementwise_arguments {
  const octet_elementwise_plan *plan;
  const void *a, *b;
  void *destination;
} octet_elementwise_arguments;

octet_range_kernel_list octet_elementwise_kernels(void);

#ifdef __cplusplus
}
#endif

#endif
