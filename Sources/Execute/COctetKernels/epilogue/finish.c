/// Finishes tiles whose pixels do not follow each other: line by line, each as a tile with wider strides.
#include "octet_epilogue.h"

/// The number, in the output, of pixel `pixel` of those that are placed.
static size_t number_of(const octet_pixel_placement *placement, size_t pixel) {
  size_t number = placement->first;
  for (int axis = 2; axis >= 0; axis--) {
    number += pixel % placement->extent[axis] * placement->step[axis];
    pixel /= placement->extent[axis];
  }
  return number + pixel * placement->image_step;
}

/// The buffers from pixel `number` on.
static octet_epilogue_buffers buffers_from(const octet_epilogue_tile *tile, size_t number) {
  octet_epilogue_buffers buffers = *tile->buffers;
  buffers.output += number * tile->strides->output;
  for (size_t i = 0; i < OCTET_EPILOGUE_OPERANDS; i++) {
    if (buffers.operands[i]) {
      buffers.operands[i] += number * tile->strides->operands[i];
    }
  }
  return buffers;
}

void octet_epilogue_finish(octet_epilogue_function *function, const octet_epilogue *epilogue,
                           const octet_epilogue_tile *tile, const octet_pixel_placement *placement) {
  if (!placement) {
    function(epilogue, tile);
    return;
  }
  octet_epilogue_strides strides = *tile->strides;
  strides.output *= placement->step[2];
  for (size_t i = 0; i < OCTET_EPILOGUE_OPERANDS; i++) {
    strides.operands[i] *= placement->step[2];
  }
  octet_epilogue_tile line = *tile;
  line.strides = &strides;
  line.first_pixel = 0;
  for (size_t row = 0; row < tile->rows; row += line.rows) {
    const size_t pixel = tile->first_pixel + row, width = placement->extent[2];
    const size_t left_in_line = width - pixel % width, left = tile->rows - row;
    const octet_epilogue_buffers buffers = buffers_from(tile, number_of(placement, pixel));
    line.rows = left_in_line < left ? left_in_line : left;
    line.sums = (const uint8_t *)tile->sums + row * tile->row_stride * sizeof(int32_t);
    line.buffers = &buffers;
    function(epilogue, &line);
  }
}
