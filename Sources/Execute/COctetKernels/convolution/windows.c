#include "convolution/windows.h"

octet_output_position octet_position_of_pixel(const octet_convolution_geometry *g, size_t pixel) {
  octet_output_position position;
  for (int axis = 2; axis >= 0; axis--) {
    position.place[axis] = pixel % g->output[axis];
    pixel /= g->output[axis];
  }
  position.image = pixel;
  return position;
}

void octet_next_position(const octet_convolution_geometry *g, octet_output_position *position) {
  for (int axis = 2; axis >= 0; axis--) {
    if (++position->place[axis] < g->output[axis]) {
      return;
    }
    position->place[axis] = 0;
  }
  position->image++;
}

/// Whether every tap of a window that begins at `origin` lies inside the input.
static bool is_inside(const octet_convolution_geometry *g, const ptrdiff_t origin[3]) {
  bool inside = true;
  for (int axis = 0; axis < 3; axis++) {
    const ptrdiff_t last = origin[axis] + (ptrdiff_t)((g->kernel[axis] - 1) * g->dilation[axis]);
    inside &= (origin[axis] >= 0) & (last < (ptrdiff_t)g->input[axis]);
  }
  return inside;
}

/// Whether the taps of a run lie side by side wherever the window is inside the input.
static bool runs_are_contiguous(const octet_convolution_plan *plan) {
  const octet_convolution_geometry *g = &plan->geometry;
  const bool dense = g->dilation[2] == 1 && plan->input_pixel_stride == g->group_inputs * plan->element_bytes;
  return plan->layout.run_taps == 1 || dense;
}

static bool is_within(ptrdiff_t at, size_t extent) {
  return at >= 0 && at < (ptrdiff_t)extent;
}

/// Bytes from the input's first pixel to the pixel at `place` of an image.
static ptrdiff_t pixel_offset(const octet_convolution_plan *plan, size_t image, const ptrdiff_t place[3]) {
  const size_t *extent = plan->geometry.input;
  ptrdiff_t index = (ptrdiff_t)image;
  for (int axis = 0; axis < 3; axis++) {
    index = index * (ptrdiff_t)extent[axis] + place[axis];
  }
  return index * (ptrdiff_t)plan->input_pixel_stride;
}

/// The run that begins with tap `tap` of a window which may reach over the border.
static const uint8_t *locate_run(const octet_convolution_plan *plan, const uint8_t *input, size_t image,
                                 const ptrdiff_t origin[3], size_t run, uint8_t *gathered) {
  const octet_convolution_geometry *g = &plan->geometry;
  const size_t run_taps = plan->layout.run_taps, bytes = g->group_inputs * plan->element_bytes;
  size_t tap = run * run_taps;
  ptrdiff_t place[3];
  for (int axis = 2; axis >= 0; axis--) {
    place[axis] = origin[axis] + (ptrdiff_t)(tap % g->kernel[axis] * g->dilation[axis]);
    tap /= g->kernel[axis];
  }
  if (!is_within(place[0], g->input[0]) || !is_within(place[1], g->input[1])) {
    return plan->padding;
  }
  if (run_taps == 1) {
    return is_within(place[2], g->input[2]) ? input + pixel_offset(plan, image, place) : plan->padding;
  }
  for (size_t i = 0; i < run_taps; i++, place[2] += (ptrdiff_t)g->dilation[2]) {
    const bool within = is_within(place[2], g->input[2]);
    __builtin_memcpy(gathered + i * bytes, within ? input + pixel_offset(plan, image, place) : plan->padding, bytes);
  }
  return gathered;
}

void octet_locate_window(const octet_convolution_plan *plan, const uint8_t *input, octet_output_position position,
                         size_t first_run, size_t runs, size_t row, octet_windows *windows) {
  const octet_convolution_geometry *g = &plan->geometry;
  const uint8_t **pointers = windows->pointers[row];
  ptrdiff_t origin[3];
  for (int axis = 0; axis < 3; axis++) {
    origin[axis] = (ptrdiff_t)(position.place[axis] * g->stride[axis]) - g->pad[axis];
  }
  if (is_inside(g, origin) && runs_are_contiguous(plan)) {
    const uint8_t *window = input + pixel_offset(plan, position.image, origin);
    for (size_t i = 0; i < runs; i++) {
      pointers[i] = window + plan->run_offsets[first_run + i];
    }
    return;
  }
  for (size_t i = 0; i < runs; i++) {
    pointers[i] = locate_run(plan, input, position.image, origin, first_run + i, windows->gathered[row][i]);
  }
}

void octet_convolution_run_offsets(const octet_convolution_plan *plan, ptrdiff_t *offsets) {
  const octet_convolution_geometry *g = &plan->geometry;
  for (size_t run = 0; run < plan->layout.runs; run++) {
    size_t tap = run * plan->layout.run_taps;
    ptrdiff_t place[3];
    for (int axis = 2; axis >= 0; axis--) {
      place[axis] = (ptrdiff_t)(tap % g->kernel[axis] * g->dilation[axis]);
      tap /= g->kernel[axis];
    }
    offsets[run] = pixel_offset(plan, 0, place);
  }
}
