/// The parts of the walk over a slice that are the same for every kernel and not in its hottest path.
#include "convolution/slice.h"

/// More than the nearest cache holds: what comes from the second one is in time as long as it is not all.
enum { MOST_LATE_BYTES = 52 * 1024 };

static size_t divide_up(size_t a, size_t b) {
  return (a + b - 1) / b;
}

/// Gathers the windows of the next tile into the half that the current one does not use.
static void gather_next(octet_slice_walk *walk) {
  const octet_convolution_plan *plan = walk->slice->plan;
  const size_t rows = octet_slice_next_rows(walk);
  octet_locate_windows(plan, walk->slice->input, walk->cursor, rows, 0, 1, &walk->windows);
  octet_window_cursor_advance(plan, &walk->cursor, rows);
}

/// Tiles of nearly the same number of rows; or as many full ones as there are, for kernels that take as long for fewer
/// and for rows that are finished late.
static void set_tile_rows(octet_slice_walk *walk, size_t pixels) {
  const octet_dot_kernel *kernel = walk->slice->panel->kernel;
  const size_t most = walk->is_late ? OCTET_TILE_ROWS / kernel->late_rows * kernel->late_rows : kernel->rows;
  const size_t tiles = divide_up(pixels, most);
  walk->tiles_left = tiles;
  if (walk->is_late || kernel->format == OCTET_WEIGHTS_PAIRS_S16) {
    walk->rows_per_tile = most;
    walk->longer_tiles = 0;
    walk->last_rows = tiles ? pixels - (tiles - 1) * most : 0;
  } else {
    walk->rows_per_tile = tiles ? pixels / tiles : 0;
    walk->longer_tiles = tiles ? pixels % tiles : 0;
    walk->last_rows = walk->rows_per_tile + (walk->longer_tiles > 0);
  }
}

bool octet_may_be_late(const octet_dot_kernel *kernel, size_t panel_bytes) {
  return kernel->late_rows > 0 && (kernel->late_rows == kernel->rows || panel_bytes <= MOST_LATE_BYTES);
}

/// How many of the next weights' bytes each step fetches: half a line where that is enough. What comes from beyond all
/// caches comes slowly, and waiting for much of it at once delays what comes from the second. Kernels that multiply
/// pairs fetch on their own.
static size_t step_to_fetch(const octet_slice_walk *walk) {
  if (walk->slice->panel->kernel->format == OCTET_WEIGHTS_PAIRS_S16) {
    return 0;
  }
  const size_t steps = walk->slice->plan->layout.runs * walk->slice->plan->layout.steps;
  const size_t half = OCTET_FETCHED_LINE / 2;
  return walk->bytes_to_fetch <= walk->tiles_left * steps * half ? half : OCTET_FETCHED_LINE;
}

void octet_slice_begin(octet_slice_walk *walk, const octet_convolution_slice *slice, size_t first_pixel,
                       size_t end_pixel) {
  const octet_convolution_plan *plan = slice->plan;
  const octet_weight_layout *layout = &plan->layout;
  const octet_convolution_panel *panel = slice->panel;
  const octet_group_steps *group_steps = &plan->group_steps;
  const size_t pixels = end_pixel - first_pixel;
  walk->slice = slice;
  walk->weights = plan->weights + slice->group * group_steps->weight_bytes + panel->weight_offset;
  walk->width = slice->panel_count * panel->kernel->channels;
  walk->panel_bytes = octet_panel_bytes(layout, panel->kernel);
  walk->run_bytes = walk->panel_bytes / layout->runs;
  const size_t initial = slice->group * group_steps->initial_channels + panel->initial_offset;
  walk->initial = (const uint8_t *)plan->initial + initial * sizeof(int32_t);
  walk->runs_at_once = divide_up(layout->runs, divide_up(layout->runs, OCTET_RUNS_AT_ONCE));
  walk->runs_left = 0;
  walk->pixel = first_pixel;
  walk->is_late = octet_epilogue_writes_bytes(plan->kind) && octet_may_be_late(panel->kernel, walk->panel_bytes);
  set_tile_rows(walk, pixels);
  walk->cursor = octet_window_cursor_at(plan, first_pixel);
  walk->tile = (octet_dot_tile){.steps = layout->steps, .inputs = walk->windows.pointers, .sums = walk->sums};
  walk->tile.fetched = slice->next_weights ? slice->next_weights : walk->weights;
  walk->bytes_to_fetch = slice->next_weights ? slice->next_weight_bytes : 0;
  walk->step_to_fetch = step_to_fetch(walk);
  if (plan->kind != OCTET_EPILOGUE_ANY) {
    const size_t pixel = slice->group * group_steps->output_pixels + first_pixel;
    const size_t channel = slice->group * group_steps->output_channels + panel->first_channel;
    walk->tile.direct = octet_direct_rows_make(plan->epilogue, plan->kind, slice->buffers, &plan->strides, pixel,
                                               channel, slice->channels);
  }
  walk->windows.half = 0;
  if (plan->steps.gathers) {
    gather_next(walk);
  }
}

void octet_slice_skip(octet_slice_walk *walk, size_t pixels, size_t end_pixel) {
  walk->pixel += pixels;
  set_tile_rows(walk, end_pixel - walk->pixel);
  octet_window_cursor_advance(walk->slice->plan, &walk->cursor, pixels);
  octet_direct_rows_advance(&walk->tile.direct, pixels);
}

void octet_slice_gather(octet_slice_walk *walk) {
  for (size_t row = 0; row < walk->tile.rows; row++) {
    walk->windows.pointers[row][0] = walk->windows.gathered[row] + walk->windows.half;
  }
  walk->windows.half ^= OCTET_GATHERED_HALF;
  gather_next(walk);
}

void octet_slice_spread_initial(octet_slice_walk *walk) {
  const octet_convolution_plan *plan = walk->slice->plan;
  const size_t channels = walk->width;
  const size_t pixel = walk->slice->group * plan->group_steps.initial_pixels + walk->pixel;
  const int32_t *of_channels = walk->tile.initial;
  for (size_t row = 0; row < walk->tile.rows; row++) {
    const int32_t of_pixel = plan->pixel_initial[pixel + row];
    for (size_t channel = 0; channel < channels; channel++) {
      walk->sums[row * channels + channel] = (int32_t)((uint32_t)of_channels[channel] + (uint32_t)of_pixel);
    }
  }
  walk->tile.initial = walk->sums;
  walk->tile.initial_row_stride = channels;
}

void octet_slice_finish_sums(const octet_slice_walk *walk) {
  const octet_convolution_slice *slice = walk->slice;
  const octet_convolution_plan *plan = slice->plan;
  const octet_group_steps *group_steps = &plan->group_steps;
  const octet_epilogue_tile tile = {.sums = walk->sums,
                                    .sums_are_integers = plan->layout.format != OCTET_WEIGHTS_F32,
                                    .rows = walk->tile.rows,
                                    .row_stride = walk->width,
                                    .first_pixel = slice->group * group_steps->output_pixels + walk->pixel,
                                    .first_channel =
                                        slice->group * group_steps->output_channels + slice->panel->first_channel,
                                    .channels = slice->channels,
                                    .buffers = slice->buffers,
                                    .strides = &plan->strides};
  octet_epilogue_finish(plan->finish, plan->epilogue, &tile, plan->placement);
}
