/// Panels of output channels over all output pixels, and how a kernel walks over the tiles of them.
///
/// All of this is compiled into each kernel, so that the processor works on the next tile while it finishes the last.
#ifndef OCTET_CONVOLUTION_SLICE_H
#define OCTET_CONVOLUTION_SLICE_H

#include "convolution/windows.h"
#include "octet_convolution.h"

enum { OCTET_FETCHED_LINE = 64 };

struct octet_convolution_slice {
  const octet_convolution_plan *plan;
  /// The first of neighbouring panels; their channels without what fills up the last.
  const octet_convolution_panel *panel;
  size_t panel_count, channels;
  size_t group;
  /// The group's first channel of the first pixel.
  const uint8_t *input;
  const octet_epilogue_buffers *buffers;
  /// NULL, or weights that the same thread is likely to need next, to be fetched into its cache meanwhile.
  const uint8_t *next_weights;
  size_t next_weight_bytes;
};

/// sums[row][channel] = initial[row·initial_row_stride + channel] + Σ over runs and elements of input · weight
///
/// Input elements are u8 or f32, sums s32 or f32. What is read past a u8 run meets zero weights.
typedef struct octet_dot_tile {
  size_t rows, runs;
  /// Steps per run: quads of u8, or single f32.
  size_t steps;
  const uint8_t *const (*inputs)[OCTET_RUNS_AT_ONCE];
  const uint8_t *weights;
  /// One row for all (stride 0), or the sums so far (stride = channels of the panels).
  const void *initial;
  size_t initial_row_stride;
  /// Whether to finish the sums, and where; OCTET_EPILOGUE_ANY stores them to `sums`, [rows][channels of the panels].
  octet_epilogue_kind kind;
  octet_direct_rows direct;
  void *sums;
  /// What each step fetches a line of, and how far on the next step's is.
  const uint8_t *fetched;
  size_t fetched_step;
} octet_dot_tile;

/// Where a kernel is: at a tile, and at the runs of it that are next.
typedef struct octet_slice_walk {
  octet_dot_tile tile;
  const octet_convolution_slice *slice;
  /// Weights and initial sums of the first panel, bytes from one panel's weights to the next's, and the channels of
  /// all.
  const uint8_t *weights, *initial;
  size_t panel_bytes, width;
  /// Bytes of the panel's weights for one run, and how many runs one call of the inner loop sums.
  size_t run_bytes, runs_at_once, runs_left;
  /// Whether rows are finished while others are summed, where the kernel does so.
  bool is_late;
  /// The current tile's first pixel, the tiles after it, their rows, how many of the tiles are a row longer, and the
  /// rows of the last.
  size_t pixel, tiles_left, rows_per_tile, longer_tiles, last_rows;
  /// Where the windows are located next: of the current tile, or gathered of the one after it.
  octet_window_cursor cursor;
  octet_windows windows;
  /// Bytes of the next weights that are still to be fetched, and how many each step fetches.
  size_t bytes_to_fetch, step_to_fetch;
  _Alignas(64) int32_t sums[OCTET_TILE_SUMS];
} octet_slice_walk;

/// Rows of the tile after the current one; of none, if that was the last.
static inline size_t octet_slice_next_rows(const octet_slice_walk *walk) {
  return walk->tiles_left > 1 ? walk->rows_per_tile + (walk->tiles_left <= walk->longer_tiles)
                              : walk->tiles_left * walk->last_rows;
}

/// Bytes of the weights of a panel of a kernel.
static inline size_t octet_panel_bytes(const octet_weight_layout *layout, const octet_dot_kernel *kernel) {
  return layout->group_bytes / layout->group_channels * kernel->channels;
}

/// Whether a kernel finishes rows of bytes late. Such sum fewer rows at a time, so that they read their weights more
/// often. Where those are many, and more rows fit into the registers, that costs more than it saves.
bool octet_may_be_late(const octet_dot_kernel *kernel, size_t panel_bytes);

/// Stands before the first of the tiles of pixels first_pixel ..< end_pixel.
void octet_slice_begin(octet_slice_walk *walk, const octet_convolution_slice *slice, size_t first_pixel,
                       size_t end_pixel);

/// Goes on by `pixels` pixels, before the first tile, that were computed otherwise.
void octet_slice_skip(octet_slice_walk *walk, size_t pixels, size_t end_pixel);

/// Copies the initial sums of the channels to each row, and adds those of its pixel.
void octet_slice_spread_initial(octet_slice_walk *walk);

/// Finishes the sums of a whole tile by the epilogue's own function.
void octet_slice_finish_sums(const octet_slice_walk *walk);

/// Points to the windows that were gathered while the tile before was summed, and gathers those of the next tile: what
/// has just been stored in pieces takes the processor a while to load in others.
void octet_slice_gather(octet_slice_walk *walk);

/// Goes to the next runs of the tile, or to the next tile. False when there is none.
static inline __attribute__((always_inline)) bool octet_slice_next(octet_slice_walk *walk) {
  const octet_convolution_plan *plan = walk->slice->plan;
  octet_dot_tile *tile = &walk->tile;
  if (walk->runs_left == 0) {
    if (walk->tiles_left == 0) {
      return false;
    }
    tile->rows = octet_slice_next_rows(walk);
    walk->tiles_left--;
    walk->runs_left = plan->layout.runs;
    tile->initial = walk->initial;
    tile->initial_row_stride = 0;
    tile->weights = walk->weights;
  }
  const size_t first_run = plan->layout.runs - walk->runs_left;
  tile->runs = walk->runs_left < walk->runs_at_once ? walk->runs_left : walk->runs_at_once;
  tile->kind = tile->runs == walk->runs_left ? plan->kind : OCTET_EPILOGUE_ANY;
  if (plan->steps.pointwise) {
    const uint8_t *pixel = walk->slice->input + walk->pixel * plan->input_pixel_stride;
    for (size_t row = 0; row < tile->rows; row++, pixel += plan->input_pixel_stride) {
      walk->windows.pointers[row][0] = pixel;
    }
  } else if (plan->steps.gathers) {
    octet_slice_gather(walk);
  } else {
    octet_locate_windows(plan, walk->slice->input, walk->cursor, tile->rows, first_run, tile->runs, &walk->windows);
  }
  if (plan->pixel_initial && first_run == 0) {
    octet_slice_spread_initial(walk);
  }
  // Only as much as the steps of the tile cover: nothing past the end is fetched.
  tile->fetched_step = tile->runs * tile->steps * walk->step_to_fetch <= walk->bytes_to_fetch ? walk->step_to_fetch : 0;
  return true;
}

/// What is left to do when the sums of a tile's runs are there.
static inline __attribute__((always_inline)) void octet_slice_finish(octet_slice_walk *walk) {
  const octet_convolution_plan *plan = walk->slice->plan;
  octet_dot_tile *tile = &walk->tile;
  walk->runs_left -= tile->runs;
  const size_t fetched = tile->runs * tile->steps * tile->fetched_step;
  tile->fetched += fetched;
  walk->bytes_to_fetch -= fetched;
  if (walk->runs_left > 0) {
    tile->weights += tile->runs * walk->run_bytes;
    tile->initial = walk->sums;
    tile->initial_row_stride = walk->width;
    return;
  }
  if (plan->kind == OCTET_EPILOGUE_ANY) {
    octet_slice_finish_sums(walk);
  } else {
    octet_direct_rows_advance(&tile->direct, tile->rows);
  }
  walk->pixel += tile->rows;
  if (!plan->steps.pointwise && !plan->steps.gathers) {
    octet_window_cursor_advance(plan, &walk->cursor, tile->rows);
  }
}

#endif
