/// The kernel of octet_elementwise.h, once for every instruction set.
///
/// It works in passes over a tile that stays in the first-level cache: expand a, expand b, operate, store. So it has
/// the sum of element types, operations and ways to broadcast in code, not their product.
#include "isa/elements.h"
#include "isa/name.h"

enum { ROWS = OCTET_ELEMENTWISE_AXES - 2, COLUMNS = OCTET_ELEMENTWISE_AXES - 1 };

/// A tile of f32, dense; the last vector of a row may run into the next row, which is written after it.
typedef float tile_buffer[OCTET_ELEMENTWISE_TILE + OCTET_LANES];

typedef struct {
  size_t rows, columns;
  /// The first column, for the values that differ by column.
  size_t first_column;
} tile_shape;

// MARK: - Affine

OCTET_INLINE void transform_tile(float *to, const float *from, tile_shape shape, const octet_affine *affine) {
  if (affine->kind == OCTET_AFFINE_PER_COLUMN) {
    for (size_t r = 0; r < shape.rows; r++) {
      for (size_t c = 0; c < shape.columns; c += OCTET_LANES) {
        const f32x16 scale = load_f32(affine->scale + shape.first_column + c);
        const f32x16 shift = load_f32(affine->shift + shape.first_column + c);
        const size_t i = r * shape.columns + c;
        store_first_f32(to + i, load_f32(from + i) * scale + shift, shape.columns - c);
      }
    }
  } else {
    for (size_t i = 0; i < shape.rows * shape.columns; i += OCTET_LANES) {
      store_f32(to + i, load_f32(from + i) * affine->scale[0] + affine->shift[0]);
    }
  }
}

// MARK: - Expanding an operand to f32

OCTET_INLINE float load_element(const uint8_t *from, ptrdiff_t index, octet_element type) {
  switch (type) {
  case OCTET_ELEMENT_U8:
    return from[index];
  case OCTET_ELEMENT_I8:
    return (int8_t)from[index];
  case OCTET_ELEMENT_F32:
    break;
  }
  return ((const float *)from)[index];
}

OCTET_INLINE void expand_row(float *to, const uint8_t *from, ptrdiff_t stride, size_t columns, octet_element type) {
  if (stride == 1) {
    for (size_t c = 0; c < columns; c += OCTET_LANES) {
      store_f32(to + c, load_elements(from, c, type));
    }
  } else if (stride == 0) {
    const f32x16 value = load_element(from, 0, type);
    for (size_t c = 0; c < columns; c += OCTET_LANES) {
      store_f32(to + c, value);
    }
  } else {
    for (size_t c = 0; c < columns; c++) {
      to[c] = load_element(from, (ptrdiff_t)c * stride, type);
    }
  }
}

OCTET_INLINE void expand_rows(float *to, const uint8_t *from, const octet_operand *operand, tile_shape shape,
                              octet_element type) {
  const ptrdiff_t row_stride = operand->stride[ROWS], stride = operand->stride[COLUMNS];
  if (stride == 1 && row_stride == (ptrdiff_t)shape.columns) {
    expand_row(to, from, stride, shape.rows * shape.columns, type);
    return;
  }
  for (size_t r = 0; r < shape.rows; r++) {
    const uint8_t *row = from + (ptrdiff_t)r * row_stride * (ptrdiff_t)octet_element_bytes(type);
    expand_row(to + r * shape.columns, row, stride, shape.columns, type);
  }
}

/// The tile of an operand as f32: where it stands already, or in `buffer`.
OCTET_INLINE const float *expand(float *buffer, const uint8_t *from, const octet_operand *operand, tile_shape shape) {
  const bool is_dense =
      operand->stride[COLUMNS] == 1 && (shape.rows == 1 || operand->stride[ROWS] == (ptrdiff_t)shape.columns);
  const float *tile = buffer;
  switch (operand->type) {
  case OCTET_ELEMENT_U8:
    expand_rows(buffer, from, operand, shape, OCTET_ELEMENT_U8);
    break;
  case OCTET_ELEMENT_I8:
    expand_rows(buffer, from, operand, shape, OCTET_ELEMENT_I8);
    break;
  case OCTET_ELEMENT_F32:
    if (is_dense) {
      tile = (const float *)from;
    } else {
      expand_rows(buffer, from, operand, shape, OCTET_ELEMENT_F32);
    }
    break;
  }
  if (operand->affine.kind == OCTET_AFFINE_NONE) {
    return tile;
  }
  transform_tile(buffer, tile, shape, &operand->affine);
  return buffer;
}

// MARK: - Operations

OCTET_INLINE f32x16 operate_on_lanes(f32x16 a, f32x16 b, octet_elementwise_operation operation) {
  switch (operation) {
  case OCTET_ELEMENTWISE_ADD:
    return a + b;
  case OCTET_ELEMENTWISE_SUBTRACT:
    return a - b;
  case OCTET_ELEMENTWISE_MULTIPLY:
    return a * b;
  case OCTET_ELEMENTWISE_DIVIDE:
    return a / b;
  case OCTET_ELEMENTWISE_MAXIMUM:
    return max_f32(a, b);
  case OCTET_ELEMENTWISE_MINIMUM:
    return min_f32(a, b);
  case OCTET_ELEMENTWISE_SQUARED_DIFFERENCE:
    break;
  }
  return (a - b) * (a - b);
}

OCTET_INLINE void operate(float *to, const float *a, const float *b, size_t count, const octet_elementwise_plan *plan) {
#define OCTET_CASE(operation)                                                                                          \
  case operation:                                                                                                      \
    for (size_t i = 0; i < count; i += OCTET_LANES) {                                                                  \
      store_f32(to + i, operate_on_lanes(load_f32(a + i), load_f32(b + i), operation));                                \
    }                                                                                                                  \
    break;
  switch (plan->operation) {
    OCTET_CASE(OCTET_ELEMENTWISE_ADD)
    OCTET_CASE(OCTET_ELEMENTWISE_SUBTRACT)
    OCTET_CASE(OCTET_ELEMENTWISE_MULTIPLY)
    OCTET_CASE(OCTET_ELEMENTWISE_DIVIDE)
    OCTET_CASE(OCTET_ELEMENTWISE_MAXIMUM)
    OCTET_CASE(OCTET_ELEMENTWISE_MINIMUM)
    OCTET_CASE(OCTET_ELEMENTWISE_SQUARED_DIFFERENCE)
  }
#undef OCTET_CASE
  if (plan->is_clamped) {
    for (size_t i = 0; i < count; i += OCTET_LANES) {
      store_f32(to + i, clamp_f32(load_f32(to + i), plan->minimum, plan->maximum));
    }
  }
}

// MARK: - Storing

OCTET_INLINE void store_row(const octet_elementwise_plan *plan, uint8_t *to, const float *from, size_t count) {
  if (plan->destination_type == OCTET_ELEMENT_F32) {
    for (size_t c = 0; c < count; c += OCTET_LANES) {
      store_first_f32((float *)to + c, load_f32(from + c), count - c);
    }
  } else {
    const f32x16 low = plan->low, high = plan->high;
    for (size_t c = 0; c < count; c += OCTET_LANES) {
      store_first_u8(to + c, low_bytes(round_clamped_f32(load_f32(from + c), low, high)), count - c);
    }
  }
}

OCTET_INLINE void store_tile(const octet_elementwise_plan *plan, uint8_t *to, const float *from, tile_shape shape) {
  const ptrdiff_t row_stride = plan->destination_stride[ROWS];
  if (row_stride == (ptrdiff_t)shape.columns) {
    store_row(plan, to, from, shape.rows * shape.columns);
    return;
  }
  const ptrdiff_t size = (ptrdiff_t)octet_element_bytes(plan->destination_type);
  for (size_t r = 0; r < shape.rows; r++) {
    store_row(plan, to + (ptrdiff_t)r * row_stride * size, from + r * shape.columns, shape.columns);
  }
}

// MARK: - Tiles

/// Elements from the first to those at `index` of the outer axes, and at a row and a column.
OCTET_INLINE ptrdiff_t offset_of_tile(const octet_elementwise_plan *plan, const ptrdiff_t *stride, size_t index,
                                      size_t row, size_t column) {
  ptrdiff_t offset = (ptrdiff_t)row * stride[ROWS] + (ptrdiff_t)column * stride[COLUMNS];
  for (int axis = ROWS - 1; index != 0; axis--) {
    if (plan->extent[axis] != 1) {
      offset += (ptrdiff_t)(index % plan->extent[axis]) * stride[axis];
      index /= plan->extent[axis];
    }
  }
  return offset;
}

void OCTET_KERNEL_NAME(octet_elementwise)(const void *arguments, size_t begin, size_t end) {
  const octet_elementwise_arguments *arg = arguments;
  const octet_elementwise_plan *plan = arg->plan;
  const size_t rows = plan->extent[ROWS], columns = plan->extent[COLUMNS];
  const size_t row_tiles = (rows + plan->tile_rows - 1) / plan->tile_rows;
  const size_t column_tiles = (columns + plan->tile_columns - 1) / plan->tile_columns;
  tile_buffer a_buffer, b_buffer;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t row = unit / column_tiles % row_tiles * plan->tile_rows,
                 column = unit % column_tiles * plan->tile_columns;
    const size_t outer = unit / column_tiles / row_tiles;
    const tile_shape shape = {.rows = rows - row < plan->tile_rows ? rows - row : plan->tile_rows,
                              .columns = columns - column < plan->tile_columns ? columns - column : plan->tile_columns,
                              .first_column = column};
    const uint8_t *a = (const uint8_t *)arg->a + offset_of_tile(plan, plan->a.stride, outer, row, column) *
                                                     (ptrdiff_t)octet_element_bytes(plan->a.type);
    const uint8_t *b = (const uint8_t *)arg->b + offset_of_tile(plan, plan->b.stride, outer, row, column) *
                                                     (ptrdiff_t)octet_element_bytes(plan->b.type);
    uint8_t *destination =
        (uint8_t *)arg->destination + offset_of_tile(plan, plan->destination_stride, outer, row, column) *
                                          (ptrdiff_t)octet_element_bytes(plan->destination_type);

    const float *a_tile = expand(a_buffer, a, &plan->a, shape);
    const float *b_tile = expand(b_buffer, b, &plan->b, shape);
    operate(a_buffer, a_tile, b_tile, shape.rows * shape.columns, plan);
    if (plan->affine.kind != OCTET_AFFINE_NONE) {
      transform_tile(a_buffer, a_buffer, shape, &plan->affine);
    }
    store_tile(plan, destination, a_buffer, shape);
  }
}
