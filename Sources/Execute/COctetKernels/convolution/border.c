/// Small inputs get their border in memory before a convolution reads them. Then no window needs a look at where it is,
/// and the lines of a window lie side by side.
#include "convolution/border.h"

#include <string.h>

/// Copying more than this takes longer than looking after the windows at the border.
enum { MOST_BYTES = 32768, SCRATCH_SLACK = 64 };

/// How far the windows reach along an axis, from the first tap of the first to the last of the last.
static size_t reach_of(const octet_convolution_geometry *g, int axis) {
  return (g->output[axis] - 1) * g->stride[axis] + (g->kernel[axis] - 1) * g->dilation[axis] + 1;
}

static size_t pixel_bytes_of(const octet_convolution_plan *plan) {
  return plan->geometry.groups * plan->geometry.group_inputs * plan->element_bytes;
}

void octet_border_prepare(octet_convolution_plan *plan) {
  octet_convolution_geometry *g = &plan->geometry;
  octet_border *border = &plan->border;
  *border = (octet_border){.input_pixel_stride = plan->input_pixel_stride};
  bool crosses = false;
  size_t bytes = g->batch * pixel_bytes_of(plan);
  for (int axis = 0; axis < 3; axis++) {
    const size_t reach = reach_of(g, axis);
    crosses |= g->pad[axis] > 0 || (ptrdiff_t)reach - g->pad[axis] > (ptrdiff_t)g->input[axis];
    bytes = bytes > MOST_BYTES || reach > MOST_BYTES ? SIZE_MAX : bytes * reach;
  }
  if (!crosses || bytes > MOST_BYTES) {
    return;
  }
  border->scratch_bytes = bytes + SCRATCH_SLACK;
  for (int axis = 0; axis < 3; axis++) {
    border->input[axis] = g->input[axis];
    border->pad[axis] = g->pad[axis];
    g->input[axis] = reach_of(g, axis);
    g->pad[axis] = 0;
  }
  plan->input_pixel_stride = pixel_bytes_of(plan);
}

bool octet_border_is_inside(const octet_convolution_plan *plan) {
  const octet_convolution_geometry *g = &plan->geometry;
  bool inside = true;
  for (int axis = 0; axis < 3; axis++) {
    inside &= g->pad[axis] <= 0 && (ptrdiff_t)reach_of(g, axis) - g->pad[axis] <= (ptrdiff_t)g->input[axis];
  }
  return inside;
}

/// Writes one line of the padded image: `from` is the line of the input, NULL where there is none.
static void pad_line(const octet_convolution_plan *plan, const uint8_t *from, uint8_t *to) {
  const size_t pixel = plan->input_pixel_stride, stride = plan->border.input_pixel_stride;
  const ptrdiff_t width = (ptrdiff_t)plan->geometry.input[2], pad = plan->border.pad[2];
  const ptrdiff_t first = pad > 0 ? pad : 0, end_of_input = pad + (ptrdiff_t)plan->border.input[2];
  const ptrdiff_t end = end_of_input < width ? end_of_input : width;
  // All bytes of the padding are the same.
  const uint8_t padding = plan->padding[0];
  if (!from || first >= end) {
    memset(to, padding, (size_t)width * pixel);
    return;
  }
  memset(to, padding, (size_t)first * pixel);
  memset(to + (size_t)end * pixel, padding, (size_t)(width - end) * pixel);
  from += (first - pad) * (ptrdiff_t)stride;
  to += (size_t)first * pixel;
  if (stride == pixel) {
    memcpy(to, from, (size_t)(end - first) * pixel);
    return;
  }
  for (ptrdiff_t i = first; i < end; i++, from += stride, to += pixel) {
    memcpy(to, from, pixel);
  }
}

const uint8_t *octet_border_add(const octet_convolution_plan *plan, const uint8_t *input, uint8_t *scratch) {
  const octet_border *border = &plan->border;
  if (border->scratch_bytes == 0) {
    return input;
  }
  const size_t *extent = plan->geometry.input;
  const size_t in_line = border->input[2] * border->input_pixel_stride, line = extent[2] * plan->input_pixel_stride;
  uint8_t *to = scratch;
  for (size_t image = 0; image < plan->geometry.batch; image++) {
    for (size_t d = 0; d < extent[0]; d++) {
      for (size_t h = 0; h < extent[1]; h++, to += line) {
        const ptrdiff_t depth = (ptrdiff_t)d - border->pad[0], height = (ptrdiff_t)h - border->pad[1];
        const bool exists =
            depth >= 0 && depth < (ptrdiff_t)border->input[0] && height >= 0 && height < (ptrdiff_t)border->input[1];
        const size_t number = (image * border->input[0] + (size_t)depth) * border->input[1] + (size_t)height;
        pad_line(plan, exists ? input + number * in_line : NULL, to);
      }
    }
  }
  return scratch;
}
