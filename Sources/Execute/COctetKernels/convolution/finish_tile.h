/// What a kernel of convolution does with the sums of a tile when they are there: it finishes them where they are, or
/// stores them for the epilogue.
#ifndef OCTET_CONVOLUTION_FINISH_TILE_H
#define OCTET_CONVOLUTION_FINISH_TILE_H

#include "convolution/finish_floats.h"
#include "convolution/slice.h"
#ifndef OCTET_FLOAT_SUMS
#include "epilogue/direct.h"
#endif

enum { MOST_VECTORS = 4 };

OCTET_INLINE void store_sums(const octet_dot_tile *tile, const sum_vector sums[][MOST_VECTORS], size_t rows,
                             size_t vectors) {
  uint8_t *result = tile->sums;
  OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
    OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
      store_vector(result + (r * vectors + v) * sizeof(sum_vector), sums[r][v]);
    }
  }
}

#ifdef OCTET_FLOAT_SUMS

OCTET_INLINE void finish_or_store(const octet_dot_tile *tile, const sum_vector sums[][MOST_VECTORS], size_t rows,
                                  size_t vectors) {
  store_sums(tile, sums, rows, vectors);
}

#else

OCTET_INLINE void finish_or_store(const octet_dot_tile *tile, const sum_vector sums[][MOST_VECTORS], size_t rows,
                                  size_t vectors) {
  const size_t units = vectors / UNIT_VECTORS;
  if (!octet_epilogue_writes_bytes(tile->kind) || tile->kind == OCTET_EPILOGUE_ACTIVATION ||
      tile->direct.channels < units * OCTET_LANES) {
    store_sums(tile, sums, rows, vectors);
    return;
  }
  i32x16 in_units[OCTET_TILE_ROWS * MOST_VECTORS];
  OCTET_UNROLLED for (size_t i = 0; i < rows * units; i++) {
    __builtin_memcpy(&in_units[i], &sums[i / units][i % units * UNIT_VECTORS], sizeof in_units[i]);
  }
  switch (tile->kind) {
  case OCTET_EPILOGUE_ANY:
  case OCTET_EPILOGUE_FLOATS:
  case OCTET_EPILOGUE_ACTIVATION:
    break;
  case OCTET_EPILOGUE_REQUANTIZE:
    finish_rows(&tile->direct, in_units, rows, units, OCTET_EPILOGUE_REQUANTIZE);
    break;
  case OCTET_EPILOGUE_RESIDUAL:
    finish_rows(&tile->direct, in_units, rows, units, OCTET_EPILOGUE_RESIDUAL);
    break;
  case OCTET_EPILOGUE_SCALED_RESIDUAL:
    finish_rows(&tile->direct, in_units, rows, units, OCTET_EPILOGUE_SCALED_RESIDUAL);
    break;
  }
}

OCTET_INLINE void finish_partial_kind(const octet_dot_tile *tile, size_t units) {
  switch (tile->kind) {
  case OCTET_EPILOGUE_ANY:
  case OCTET_EPILOGUE_FLOATS:
    break;
  case OCTET_EPILOGUE_REQUANTIZE:
    finish_partial_rows(&tile->direct, tile->sums, tile->rows, units, OCTET_EPILOGUE_REQUANTIZE);
    break;
  case OCTET_EPILOGUE_RESIDUAL:
    finish_partial_rows(&tile->direct, tile->sums, tile->rows, units, OCTET_EPILOGUE_RESIDUAL);
    break;
  case OCTET_EPILOGUE_SCALED_RESIDUAL:
    finish_partial_rows(&tile->direct, tile->sums, tile->rows, units, OCTET_EPILOGUE_SCALED_RESIDUAL);
    break;
  case OCTET_EPILOGUE_ACTIVATION:
    finish_partial_rows(&tile->direct, tile->sums, tile->rows, units, OCTET_EPILOGUE_ACTIVATION);
    break;
  }
}

/// The stored sums of a panel with fewer channels than its kernel, or of an activation. Not inlined, so that other
/// panels' sums stay in registers.
static __attribute__((noinline)) void finish_partial_tile(const octet_dot_tile *tile, size_t units) {
  switch (units) {
  case 1:
    finish_partial_kind(tile, 1);
    break;
  case 2:
    finish_partial_kind(tile, 2);
    break;
  case 3:
    finish_partial_kind(tile, 3);
    break;
  default:
    finish_partial_kind(tile, 4);
    break;
  }
}

#endif

/// What is left of a tile whose sums were stored: all of f32, of an activation, and of a panel with fewer channels than
/// the kernel.
OCTET_INLINE void finish_stored(const octet_dot_tile *tile, size_t channels) {
#ifdef OCTET_FLOAT_SUMS
  if (tile->kind == OCTET_EPILOGUE_FLOATS) {
    finish_float_tile(tile, channels, false);
  }
#else
  if (tile->kind == OCTET_EPILOGUE_FLOATS) {
    finish_float_tile(tile, channels, true);
  } else if (tile->kind == OCTET_EPILOGUE_ACTIVATION ||
             (tile->kind != OCTET_EPILOGUE_ANY && tile->direct.channels < channels)) {
    finish_partial_tile(tile, channels / OCTET_LANES);
  }
#endif
}

#endif
