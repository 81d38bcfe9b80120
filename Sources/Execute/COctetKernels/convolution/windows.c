#include "convolution/windows.h"

#include "convolution/border.h"
#include "convolution/slice.h"

#include <string.h>

enum { QUAD = 4 };

/// The first tap of a window: its image, and its place there, which may be outside.
typedef struct {
  size_t image;
  ptrdiff_t place[3];
} window_origin;

/// Runs [first, first + count) of the windows of a group.
typedef struct {
  const octet_convolution_plan *plan;
  const uint8_t *input;
  size_t first, count;
} run_range;

static bool is_within(ptrdiff_t at, ptrdiff_t last) {
  return at >= 0 && at <= last;
}

static const uint8_t *pixel_at(const run_range *runs, size_t image, const ptrdiff_t place[3]) {
  const octet_window_steps *steps = &runs->plan->steps;
  const ptrdiff_t offset = (ptrdiff_t)image * steps->image_bytes + place[0] * steps->axis_bytes[0] +
                           place[1] * steps->axis_bytes[1] + place[2] * steps->axis_bytes[2];
  return runs->input + offset;
}

/// The place of tap number `tap` of a kernel in a window that begins at `origin`.
static void locate_tap(const octet_convolution_geometry *g, const ptrdiff_t origin[3], size_t tap, ptrdiff_t place[3]) {
  for (int axis = 2; axis >= 0; axis--) {
    place[axis] = origin[axis] + (ptrdiff_t)(tap % g->kernel[axis] * g->dilation[axis]);
    tap /= g->kernel[axis];
  }
}

/// Taps of a line: of a run, or of a part of one.
static ptrdiff_t line_taps(const octet_convolution_plan *plan) {
  return plan->layout.run_taps == 1 ? 1 : (ptrdiff_t)plan->geometry.kernel[2];
}

/// Puts together a line that reaches over the border of its row, or whose taps do not lie side by side: padding, with
/// the taps that are inside copied over it.
static void gather_line(const run_range *runs, size_t image, const ptrdiff_t place[3], uint8_t *gathered) {
  const octet_convolution_plan *plan = runs->plan;
  const octet_convolution_geometry *g = &plan->geometry;
  const ptrdiff_t dilation = (ptrdiff_t)g->dilation[2], taps = line_taps(plan);
  const ptrdiff_t first = place[2] < 0 ? (-place[2] + dilation - 1) / dilation : 0;
  const ptrdiff_t space = (ptrdiff_t)g->input[2] - 1 - place[2];
  const ptrdiff_t fitting = space < 0 ? 0 : space / dilation + 1, end = fitting < taps ? fitting : taps;
  const size_t bytes = g->group_inputs * plan->element_bytes;
  memcpy(gathered, plan->padding, (size_t)taps * bytes);
  if (first >= end) {
    return;
  }
  const ptrdiff_t inside[3] = {place[0], place[1], place[2] + first * dilation};
  const uint8_t *from = pixel_at(runs, image, inside);
  gathered += (size_t)first * bytes;
  if (plan->steps.contiguous) {
    memcpy(gathered, from, (size_t)(end - first) * bytes);
    return;
  }
  for (ptrdiff_t tap = first; tap < end; tap++, gathered += bytes, from += dilation * plan->steps.axis_bytes[2]) {
    memcpy(gathered, from, bytes);
  }
}

/// One line of a window that may reach over the border, or whose taps do not lie side by side.
static const uint8_t *locate_line(const run_range *runs, const window_origin *origin, size_t line, uint8_t *gathered) {
  const octet_convolution_plan *plan = runs->plan;
  const octet_convolution_geometry *g = &plan->geometry;
  const octet_run_step *step = &plan->steps.run_steps[line];
  const ptrdiff_t place[3] = {origin->place[0] + step->place[0], origin->place[1] + step->place[1],
                              origin->place[2] + step->place[2]};
  if (!is_within(place[0], (ptrdiff_t)g->input[0] - 1) || !is_within(place[1], (ptrdiff_t)g->input[1] - 1)) {
    return plan->padding;
  }
  const ptrdiff_t last = place[2] + (line_taps(plan) - 1) * (ptrdiff_t)g->dilation[2];
  if (plan->steps.contiguous && place[2] >= 0 && last < (ptrdiff_t)g->input[2]) {
    return pixel_at(runs, origin->image, place);
  }
  if (plan->layout.run_taps == 1) {
    return plan->padding;
  }
  gather_line(runs, origin->image, place, gathered);
  return gathered;
}

/// Copies whole pieces: the bytes behind are overwritten by the next line, or belong to nobody.
static inline void copy_pieces(uint8_t *to, const uint8_t *from, size_t pieces) {
  for (size_t piece = 0; piece < pieces; piece++) {
    memcpy(to + piece * OCTET_GATHERED_PIECE, from + piece * OCTET_GATHERED_PIECE, OCTET_GATHERED_PIECE);
  }
}

/// The same line of `count` windows, `step` bytes apart. `pieces` is a constant wherever this is inlined.
static inline void copy_lines(uint8_t *to, const uint8_t *from, size_t step, size_t count, size_t pieces) {
  for (size_t i = 0; i < count; i++, to += OCTET_GATHERED_ROW, from += step) {
    copy_pieces(to, from, pieces);
  }
}

static size_t line_bytes(const octet_convolution_plan *plan) {
  return (size_t)line_taps(plan) * plan->geometry.group_inputs * plan->element_bytes;
}

static size_t pieces_of(size_t bytes) {
  return (bytes + OCTET_GATHERED_PIECE - 1) / OCTET_GATHERED_PIECE;
}

/// Puts the lines of `count` windows together, all of which are inside. `window` is the first one's first tap.
static void gather_inside(const run_range *runs, const uint8_t *window, size_t count, uint8_t *gathered) {
  const octet_window_steps *steps = &runs->plan->steps;
  const size_t bytes = line_bytes(runs->plan), pieces = pieces_of(bytes);
  const size_t step = runs->plan->geometry.stride[2] * (size_t)steps->axis_bytes[2];
  for (size_t line = 0; line < steps->run_step_count; line++, gathered += bytes) {
    const uint8_t *from = window + steps->run_steps[line].offset;
    switch (pieces) {
    case 1:
      copy_lines(gathered, from, step, count, 1);
      break;
    case 2:
      copy_lines(gathered, from, step, count, 2);
      break;
    default:
      copy_lines(gathered, from, step, count, pieces);
      break;
    }
  }
}

/// Puts the lines of a window together that may reach over the border.
static void gather_window(const run_range *runs, const window_origin *origin, uint8_t *gathered) {
  const size_t bytes = line_bytes(runs->plan);
  uint8_t line[OCTET_GATHERED_WINDOW + OCTET_GATHERED_PIECE];
  for (size_t i = 0; i < runs->plan->steps.run_step_count; i++, gathered += bytes) {
    copy_pieces(gathered, locate_line(runs, origin, i, line), pieces_of(bytes));
  }
}

/// Points to the runs of `count` windows, all of which are inside.
static void point_inside(const run_range *runs, const uint8_t *window, size_t count, size_t row,
                         octet_windows *windows) {
  const octet_window_steps *steps = &runs->plan->steps;
  const octet_run_step *run_steps = &steps->run_steps[runs->first];
  const size_t step = runs->plan->geometry.stride[2] * (size_t)steps->axis_bytes[2];
  for (size_t run = 0; run < runs->count; run++) {
    const uint8_t *from = window + run_steps[run].offset;
    for (size_t i = 0; i < count; i++, from += step) {
      windows->pointers[row + i][run] = from;
    }
  }
}

/// Points to the runs of a window, and gathers those that reach over the border.
static void point_to_window(const run_range *runs, const window_origin *origin, size_t row, octet_windows *windows) {
  for (size_t run = 0; run < runs->count; run++) {
    uint8_t *gathered = windows->gathered[row] + run * OCTET_GATHERED_LINE;
    windows->pointers[row][run] = locate_line(runs, origin, runs->first + run, gathered);
  }
}

/// How many of `count` windows `stride` apart, of which the first is at `place`, are inside.
static size_t count_inside(ptrdiff_t place, ptrdiff_t stride, ptrdiff_t last, size_t count) {
  size_t inside = 0;
  while (inside < count && is_within(place, last)) {
    inside++;
    place += stride;
  }
  return inside;
}

/// The windows of `count` neighbours in one row of the output.
static void locate_row(const run_range *runs, window_origin origin, size_t count, size_t row, octet_windows *windows) {
  const octet_window_steps *steps = &runs->plan->steps;
  const bool row_is_inside = steps->contiguous && is_within(origin.place[0], steps->last_inside[0]) &&
                             is_within(origin.place[1], steps->last_inside[1]);
  const ptrdiff_t stride = (ptrdiff_t)runs->plan->geometry.stride[2], step = stride * steps->axis_bytes[2];
  const uint8_t *window = pixel_at(runs, origin.image, origin.place);
  for (size_t i = 0, passed; i < count; i += passed) {
    const size_t inside = row_is_inside ? count_inside(origin.place[2], stride, steps->last_inside[2], count - i) : 0;
    uint8_t *gathered = windows->gathered[row + i] + windows->half;
    passed = inside > 0 ? inside : 1;
    if (steps->gathers && inside > 0) {
      gather_inside(runs, window, inside, gathered);
    } else if (steps->gathers) {
      gather_window(runs, &origin, gathered);
    } else if (inside > 0) {
      point_inside(runs, window, inside, row + i, windows);
    } else {
      point_to_window(runs, &origin, row + i, windows);
    }
    origin.place[2] += stride * (ptrdiff_t)passed;
    window += step * (ptrdiff_t)passed;
  }
}

octet_window_cursor octet_window_cursor_at(const octet_convolution_plan *plan, size_t pixel) {
  octet_window_cursor cursor;
  for (int axis = 2; axis >= 0; axis--) {
    cursor.place[axis] = pixel % plan->geometry.output[axis];
    pixel /= plan->geometry.output[axis];
  }
  cursor.image = pixel;
  return cursor;
}

/// Without a division, since there is one step for every tile.
void octet_window_cursor_advance(const octet_convolution_plan *plan, octet_window_cursor *cursor, size_t pixels) {
  const size_t *extent = plan->geometry.output;
  for (cursor->place[2] += pixels; cursor->place[2] >= extent[2]; cursor->place[2] -= extent[2]) {
    if (++cursor->place[1] == extent[1]) {
      cursor->place[1] = 0;
      if (++cursor->place[0] == extent[0]) {
        cursor->place[0] = 0;
        cursor->image++;
      }
    }
  }
}

void octet_locate_windows(const octet_convolution_plan *plan, const uint8_t *input, octet_window_cursor cursor,
                          size_t rows, size_t first_run, size_t runs, octet_windows *windows) {
  const octet_convolution_geometry *g = &plan->geometry;
  const run_range range = {plan, input, first_run, runs};
  for (size_t row = 0; row < rows;) {
    const size_t left_in_row = g->output[2] - cursor.place[2];
    const size_t count = left_in_row < rows - row ? left_in_row : rows - row;
    window_origin origin = {.image = cursor.image};
    for (int axis = 0; axis < 3; axis++) {
      origin.place[axis] = (ptrdiff_t)(cursor.place[axis] * g->stride[axis]) - g->pad[axis];
    }
    locate_row(&range, origin, count, row, windows);
    row += count;
    octet_window_cursor_advance(plan, &cursor, count);
  }
}

size_t octet_run_step_count(const octet_weight_layout *layout) {
  const size_t lines = layout->kernel[0] * layout->kernel[1];
  return layout->run_taps == lines * layout->kernel[2] ? lines : layout->runs;
}

/// Makes runs of whole lines where lines are contiguous in the input: the weights have the same order, and there is
/// less to point to. Lines that may reach over the border would have to be put together instead.
static void join_taps(octet_convolution_plan *plan) {
  const octet_convolution_geometry *g = &plan->geometry;
  octet_weight_layout *layout = &plan->layout;
  const bool is_integer = layout->format != OCTET_WEIGHTS_F32;
  const bool dense = g->dilation[2] == 1 && plan->input_pixel_stride == g->group_inputs * plan->element_bytes;
  const bool is_by_tap = layout->run_taps == 1 && (!is_integer || g->group_inputs % QUAD == 0);
  const bool is_whole = layout->run_taps > g->kernel[2] && !is_integer;
  if (!dense || !octet_border_is_inside(plan) || !(is_by_tap || is_whole)) {
    return;
  }
  const size_t steps = layout->steps / layout->run_taps;
  layout->run_taps = g->kernel[2];
  layout->runs = g->kernel[0] * g->kernel[1];
  layout->run_elements = layout->run_taps * g->group_inputs;
  layout->steps = layout->run_taps * steps;
}

/// How kernels finish sums of pixels that follow each other.
static octet_epilogue_kind kind_of(const octet_convolution_plan *plan) {
  const octet_convolution_geometry *g = &plan->geometry;
  const octet_weight_layout *layout = &plan->layout;
  const octet_dot_kernel *kernel = plan->panels[0].kernel;
  const bool is_integer = layout->format != OCTET_WEIGHTS_F32;
  const size_t products = is_integer ? g->group_inputs * octet_tap_count(g) : 0;
  if (plan->placement) {
    return OCTET_EPILOGUE_ANY;
  }
  if (octet_may_be_late(kernel, octet_panel_bytes(layout, kernel)) &&
      octet_epilogue_is_activation(plan->epilogue, products)) {
    return OCTET_EPILOGUE_ACTIVATION;
  }
  return octet_epilogue_kind_of(plan->epilogue, products);
}

void octet_convolution_prepare(octet_convolution_plan *plan, octet_run_step *run_steps) {
  octet_border_prepare(plan);
  join_taps(plan);
  const octet_convolution_geometry *g = &plan->geometry;
  octet_window_steps *steps = &plan->steps;
  plan->kind = kind_of(plan);
  steps->pointwise = true;
  ptrdiff_t bytes = (ptrdiff_t)plan->input_pixel_stride;
  for (int axis = 2; axis >= 0; axis--) {
    steps->axis_bytes[axis] = bytes;
    bytes *= (ptrdiff_t)g->input[axis];
    steps->last_inside[axis] = (ptrdiff_t)g->input[axis] - 1 - (ptrdiff_t)((g->kernel[axis] - 1) * g->dilation[axis]);
    steps->pointwise &= g->kernel[axis] == 1 && g->stride[axis] == 1 && g->pad[axis] == 0;
    steps->pointwise &= g->output[axis] == g->input[axis];
  }
  steps->image_bytes = bytes;
  const bool dense = g->dilation[2] == 1 && plan->input_pixel_stride == g->group_inputs * plan->element_bytes;
  steps->contiguous = plan->layout.run_taps == 1 || dense;
  steps->run_steps = run_steps;
  steps->run_step_count = octet_run_step_count(&plan->layout);
  steps->gathers = steps->run_step_count > plan->layout.runs;
  const ptrdiff_t origin[3] = {0, 0, 0};
  for (size_t run = 0; run < steps->run_step_count; run++) {
    ptrdiff_t *place = run_steps[run].place;
    locate_tap(g, origin, run * (size_t)line_taps(plan), place);
    run_steps[run].offset =
        place[0] * steps->axis_bytes[0] + place[1] * steps->axis_bytes[1] + place[2] * steps->axis_bytes[2];
  }
  plan->group_steps = (octet_group_steps){.input_bytes = g->group_inputs * plan->element_bytes,
                                          .weight_bytes = plan->layout.group_bytes,
                                          .initial_channels = plan->layout.group_channels,
                                          .output_pixels = 0,
                                          .output_channels = g->group_outputs};
}
