/// Where tiles stand in the input and in the output.
#ifndef OCTET_WINOGRAD_TILES_H
#define OCTET_WINOGRAD_TILES_H

#include "octet_winograd.h"

/// Points to the pixels of a tile's input, [height][width]. Those outside the image are padding.
void octet_winograd_locate(const octet_winograd_task *task, size_t tile,
                           const uint8_t *pixels[OCTET_WINOGRAD_POSITIONS]);

/// Tiles beside each other: how many, and what they have of the output, from its first pixel on.
typedef struct octet_winograd_row {
  size_t tiles, first_pixel, lines, line_pixels;
} octet_winograd_row;

/// Those of the tiles first ..< end that stand in one row with the first.
octet_winograd_row octet_winograd_row_at(const octet_winograd_plan *plan, size_t first, size_t end);

#endif
