/// Where the runs of each output pixel begin in the input.
#ifndef OCTET_CONVOLUTION_WINDOWS_H
#define OCTET_CONVOLUTION_WINDOWS_H

#include "octet_convolution.h"

enum {
  /// Bytes for what is put together for a pixel.
  OCTET_GATHERED_ROW = OCTET_RUNS_AT_ONCE * OCTET_GATHERED_LINE,
  OCTET_GATHERED_HALF = OCTET_GATHERED_ROW / 2,
};

/// Pointers to the runs of each pixel of a tile, and space for what must be put together: a whole window, or lines of
/// it that reach over the border.
typedef struct octet_windows {
  const uint8_t *pointers[OCTET_TILE_ROWS][OCTET_RUNS_AT_ONCE];
  uint8_t gathered[OCTET_TILE_ROWS][OCTET_GATHERED_ROW];
  /// Where a pixel's window is gathered in its space: in the other half than that of the tile before.
  size_t half;
} octet_windows;

_Static_assert(OCTET_GATHERED_WINDOW + OCTET_GATHERED_PIECE <= OCTET_GATHERED_HALF, "a window has room");

/// An output pixel: its image, and its place there.
typedef struct octet_window_cursor {
  size_t image, place[3];
} octet_window_cursor;

octet_window_cursor octet_window_cursor_at(const octet_convolution_plan *plan, size_t pixel);

/// Goes on by `pixels` pixels.
void octet_window_cursor_advance(const octet_convolution_plan *plan, octet_window_cursor *cursor, size_t pixels);

/// Fills in the windows of `rows` output pixels from the cursor on, or gathers them without pointing to them, for
/// `runs` runs from `first_run` on. `input` is the group's first channel of the first pixel.
void octet_locate_windows(const octet_convolution_plan *plan, const uint8_t *input, octet_window_cursor cursor,
                          size_t rows, size_t first_run, size_t runs, octet_windows *windows);

#endif
