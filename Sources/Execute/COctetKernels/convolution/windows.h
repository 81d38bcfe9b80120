/// Where the runs of each output pixel begin in the input.
#ifndef OCTET_CONVOLUTION_WINDOWS_H
#define OCTET_CONVOLUTION_WINDOWS_H

#include "octet_convolution.h"

/// The most bytes of a run that is gathered tap by tap.
enum { OCTET_GATHERED_BYTES = 64 };

/// An output pixel: its image, and its place there.
typedef struct octet_output_position {
  size_t image, place[3];
} octet_output_position;

/// Pointers to the runs of each pixel of a tile, and space for border rows that must be put together.
typedef struct octet_windows {
  const uint8_t *pointers[OCTET_TILE_ROWS][OCTET_RUNS_AT_ONCE];
  uint8_t gathered[OCTET_TILE_ROWS][OCTET_RUNS_AT_ONCE][OCTET_GATHERED_BYTES];
} octet_windows;

octet_output_position octet_position_of_pixel(const octet_convolution_geometry *geometry, size_t pixel);

void octet_next_position(const octet_convolution_geometry *geometry, octet_output_position *position);

/// Fills in row `row` of the windows for `runs` runs from `first_run` on. `input` is the group's first channel.
void octet_locate_window(const octet_convolution_plan *plan, const uint8_t *input, octet_output_position position,
                         size_t first_run, size_t runs, size_t row, octet_windows *windows);

#endif
