/// The kernel of convolution, written once over isa/quads.h, u8 · s8 → s32, or isa/floats.h, f32 · f32 → f32.
///
/// A tile keeps its sums in registers. Each step loads the panel's weights for four bytes of input once, four u8 or one
/// f32, and broadcasts each pixel's four bytes against them.
#include "isa/name.h"
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
  if (tile->kind == OCTET_EPILOGUE_ANY || tile->direct.channels < units * OCTET_LANES) {
    store_sums(tile, sums, rows, vectors);
    return;
  }
  i32x16 in_units[OCTET_TILE_ROWS * MOST_VECTORS];
  OCTET_UNROLLED for (size_t i = 0; i < rows * units; i++) {
    __builtin_memcpy(&in_units[i], &sums[i / units][i % units * UNIT_VECTORS], sizeof in_units[i]);
  }
  switch (tile->kind) {
  case OCTET_EPILOGUE_ANY:
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
  }
}

/// The stored sums of a panel with fewer channels than its kernel. Not inlined, so that other panels' sums stay in
/// registers.
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

/// `rows` and `vectors` are constants wherever this is inlined.
OCTET_INLINE void dot(const octet_dot_tile *tile, size_t rows, size_t vectors) {
  enum { SUM_BYTES = 4 };
  const uint8_t *initial = tile->initial;
  const uint8_t *weights = tile->weights;
  sum_vector sums[OCTET_TILE_ROWS][MOST_VECTORS];
  OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
    OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
      sums[r][v] = load_vector(initial + r * tile->initial_row_stride * SUM_BYTES + v * sizeof(sum_vector));
    }
  }
  for (size_t run = 0; run < tile->runs; run++) {
    const uint8_t *inputs[OCTET_TILE_ROWS];
    OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
      inputs[r] = tile->inputs[r][run];
    }
    for (size_t offset = 0; offset < tile->steps * STEP_BYTES; offset += STEP_BYTES) {
      weight_vector weight[MOST_VECTORS];
      OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
        weight[v] = load_weights(weights, v);
      }
      weights += vectors * SUM_LANES * CHANNEL_STEP_BYTES;
      OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
        const step_vector input = broadcast_step(inputs[r] + offset);
        OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
          sums[r][v] = add_products(sums[r][v], input, weight[v]);
        }
      }
    }
  }
  finish_or_store(tile, sums, rows, vectors);
}

OCTET_INLINE void finish_partial(const octet_dot_tile *tile, size_t channels) {
#ifdef OCTET_FLOAT_SUMS
  (void)tile, (void)channels;
#else
  if (tile->kind != OCTET_EPILOGUE_ANY && tile->direct.channels < channels) {
    finish_partial_tile(tile, channels / OCTET_LANES);
  }
#endif
}

/// Defines the kernel `name` for tiles of up to `most_rows` rows and `channels` channels, and inlines it per row count.
#define OCTET_DOT_KERNEL(name, most_rows, channels)                                                                    \
  void OCTET_KERNEL_NAME(name)(const octet_convolution_slice *slice, size_t first_pixel, size_t end_pixel) {           \
    octet_slice_walk walk;                                                                                             \
    for (octet_slice_begin(&walk, slice, first_pixel, end_pixel); octet_slice_next(&walk);                             \
         octet_slice_finish(&walk)) {                                                                                  \
      switch (walk.tile.rows) {                                                                                        \
        OCTET_DOT_ROWS(1, most_rows, channels)                                                                         \
        OCTET_DOT_ROWS(2, most_rows, channels)                                                                         \
        OCTET_DOT_ROWS(3, most_rows, channels)                                                                         \
        OCTET_DOT_ROWS(4, most_rows, channels)                                                                         \
        OCTET_DOT_ROWS(5, most_rows, channels)                                                                         \
        OCTET_DOT_ROWS(6, most_rows, channels)                                                                         \
        OCTET_DOT_ROWS(7, most_rows, channels)                                                                         \
        OCTET_DOT_ROWS(8, most_rows, channels)                                                                         \
        OCTET_DOT_ROWS(9, most_rows, channels)                                                                         \
        OCTET_DOT_ROWS(10, most_rows, channels)                                                                        \
        OCTET_DOT_ROWS(11, most_rows, channels)                                                                        \
        OCTET_DOT_ROWS(12, most_rows, channels)                                                                        \
        OCTET_DOT_ROWS(13, most_rows, channels)                                                                        \
        OCTET_DOT_ROWS(14, most_rows, channels)                                                                        \
      }                                                                                                                \
      finish_partial(&walk.tile, channels);                                                                            \
    }                                                                                                                  \
  }

/// Row counts beyond the kernel's are never asked for, and no code is made for them.
#define OCTET_DOT_ROWS(count, most_rows, channels)                                                                     \
  case count:                                                                                                          \
    if (count <= (most_rows)) {                                                                                        \
      dot(&walk.tile, count, (channels) / SUM_LANES);                                                                  \
    }                                                                                                                  \
    break;
