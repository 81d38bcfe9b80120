/// The kernel of convolution, written once over isa/quads.h, u8 · s8 → s32, or isa/floats.h, f32 · f32 → f32.
///
/// A tile keeps its sums in registers. Each step loads the panel's weights for four bytes of input once, four u8 or one
/// f32, and broadcasts each pixel's four bytes against them.
#include "isa/name.h"
#include "convolution/finish_tile.h"

/// Whether a row of `vectors` registers is a line of the cache. Such panels use up what they read, and fill what they
/// write, as fast as it comes from beyond the second cache; so they fetch it in good time.
OCTET_INLINE bool fetches(size_t vectors) {
  return OCTET_REGISTER_BYTES == 64 && vectors * sizeof(sum_vector) == OCTET_FETCHED_LINE * sizeof(int32_t);
}

/// Loads what the sums start from: one row for all, or the sums so far.
OCTET_INLINE void start_sums(const octet_dot_tile *tile, size_t rows, size_t vectors, sum_vector sums[][MOST_VECTORS]) {
  const uint8_t *initial = tile->initial;
  // Narrow panels gain nothing from it: measured.
  const bool loads_once = vectors * sizeof(sum_vector) >= 48 * sizeof(int32_t);
  if (loads_once && tile->initial_row_stride == 0) {
    OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
      const sum_vector of_all_rows = load_vector(initial + v * sizeof(sum_vector));
      OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
        sums[r][v] = of_all_rows;
      }
    }
    return;
  }
  const size_t row_bytes = tile->initial_row_stride * sizeof(int32_t);
  OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
    OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
      sums[r][v] = load_vector(initial + r * row_bytes + v * sizeof(sum_vector));
    }
  }
}

/// Has the rows at hand where the epilogue reads and writes them, by the time that the sums are there.
OCTET_INLINE void fetch_rows(const octet_dot_tile *tile, size_t rows) {
  if (tile->kind == OCTET_EPILOGUE_ANY) {
    return;
  }
  OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
    __builtin_prefetch(tile->direct.output + r * tile->direct.output_stride, 1, 3);
  }
  if (tile->kind != OCTET_EPILOGUE_REQUANTIZE) {
    OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
      __builtin_prefetch(tile->direct.operand + r * tile->direct.operand_stride, 0, 3);
    }
  }
}

/// `rows` and `vectors` are constants wherever this is inlined.
OCTET_INLINE void dot(const octet_dot_tile *tile, size_t rows, size_t vectors) {
  const uint8_t *weights = tile->weights;
  sum_vector sums[OCTET_TILE_ROWS][MOST_VECTORS];
  start_sums(tile, rows, vectors, sums);
  const uint8_t *fetched = tile->fetched;
  if (fetches(vectors)) {
    fetch_rows(tile, rows);
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
      if (fetches(vectors)) {
        __builtin_prefetch(fetched, 0, 2);
        fetched += tile->fetched_step;
      }
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

/// Defines the kernel `name` for tiles of up to `most_rows` rows and `channels` channels, and inlines it per row count.
#define OCTET_DOT_KERNEL(name, most_rows, channels)                                                                    \
  void OCTET_KERNEL_NAME(name)(const octet_convolution_slice *slice, size_t first_pixel, size_t end_pixel) {           \
    octet_slice_walk walk;                                                                                             \
    for (octet_slice_begin(&walk, slice, first_pixel, end_pixel); octet_slice_next(&walk);                             \
         octet_slice_finish(&walk)) {                                                                                  \
      switch (walk.tile.rows) { OCTET_DOT_EACH_ROW_COUNT(&walk.tile, most_rows, channels) }                            \
      finish_stored(&walk.tile, channels);                                                                             \
    }                                                                                                                  \
  }

#define OCTET_DOT_EACH_ROW_COUNT(tile, most_rows, channels)                                                            \
  OCTET_DOT_ROWS(tile, 1, most_rows, channels)                                                                         \
  OCTET_DOT_ROWS(tile, 2, most_rows, channels)                                                                         \
  OCTET_DOT_ROWS(tile, 3, most_rows, channels)                                                                         \
  OCTET_DOT_ROWS(tile, 4, most_rows, channels)                                                                         \
  OCTET_DOT_ROWS(tile, 5, most_rows, channels)                                                                         \
  OCTET_DOT_ROWS(tile, 6, most_rows, channels)                                                                         \
  OCTET_DOT_ROWS(tile, 7, most_rows, channels)                                                                         \
  OCTET_DOT_ROWS(tile, 8, most_rows, channels)                                                                         \
  OCTET_DOT_ROWS(tile, 9, most_rows, channels)                                                                         \
  OCTET_DOT_ROWS(tile, 10, most_rows, channels)                                                                        \
  OCTET_DOT_ROWS(tile, 11, most_rows, channels)                                                                        \
  OCTET_DOT_ROWS(tile, 12, most_rows, channels)                                                                        \
  OCTET_DOT_ROWS(tile, 13, most_rows, channels)                                                                        \
  OCTET_DOT_ROWS(tile, 14, most_rows, channels)

/// Row counts beyond the kernel's are never asked for, and no code is made for them.
#define OCTET_DOT_ROWS(tile, count, most_rows, channels)                                                               \
  case count:                                                                                                          \
    if (count <= (most_rows)) {                                                                                        \
      dot(tile, count, (channels) / SUM_LANES);                                                                        \
    }                                                                                                                  \
    break;
