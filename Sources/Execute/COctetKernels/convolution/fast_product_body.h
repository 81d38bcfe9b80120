/// The kernel of convolution for processors that multiply pairs of s16 but no quads of bytes, over isa/quads.h.
///
/// Winograd's inner product (1968) takes one multiplication for two products of the definition:
///
///   Σ a0·w0 + a1·w1 = Σ (a0 + w1)·(a1 + w0) − Σ a0·a1 − Σ w0·w1
///
/// Such processors add on more ports than they multiply on, so that this takes as long as vpmaddubsw, which saturates.
/// The second sum is one per row of a tile, the third one per channel, which initial sums make up for. All are modulo
/// 2^32, where the result fits.
///
/// Inputs are widened once per tile for several panels: a quad's even bytes stand in one plane of s16 and its odd bytes
/// in another, as its weights do.
#include "isa/name.h"
#include "convolution/finish_tile.h"

enum {
  /// Rows and vectors of sums that registers hold at once. A tile has more of both, so that it makes more of what it
  /// reads.
  PASS_ROWS = OCTET_FAST_PRODUCT_PASS_ROWS,
  PASS_VECTORS = OCTET_FAST_PRODUCT_PASS_VECTORS,
  TILE_ROWS = 2 * PASS_ROWS,
  /// Steps whose inputs are widened at a time: 1 KB for each plane of a row.
  STEPS_AT_ONCE = 256,
  /// Bytes that are widened together, and all of a plane.
  WIDENED = 32,
  PLANE_BYTES = STEPS_AT_ONCE * QUAD + WIDENED,
  /// Rows whose products are summed together.
  SUMMED_ROWS = 4,
  /// Steps between two looks at what is to be fetched, and the most tiles of which the first takes long enough to wait
  /// for its weights that it is worth it.
  STEPS_PER_FETCH = 32,
  MOST_FETCHING_TILES = 8,
};

_Static_assert(WIDENED - 1 <= OCTET_CONVOLUTION_SLACK, "what is read past a run is allowed");
_Static_assert((OCTET_RUNS_AT_ONCE)*WIDENED <= STEPS_AT_ONCE * QUAD, "short runs are widened at once");

typedef uint8_t widened_bytes __attribute__((ext_vector_type(WIDENED)));
typedef uint16_t widened_pairs __attribute__((ext_vector_type(WIDENED / 2)));
typedef uint32_t widened_sums __attribute__((ext_vector_type(WIDENED / 4)));
typedef uint32_t row_sums __attribute__((ext_vector_type(SUMMED_ROWS)));
typedef uint32_t modular_vector __attribute__((ext_vector_type(OCTET_SUM_LANES)));

/// The inputs of a tile for the next steps.
typedef struct {
  uint8_t planes[TILE_ROWS][2][PLANE_BYTES];
  /// −Σ a0·a1 + a2·a3 of each row.
  _Alignas(16) uint32_t less[TILE_ROWS];
} widened_tile;

/// The sums of neighbouring products even[i] · odd[i].
OCTET_INLINE widened_sums pair_products(widened_pairs even, widened_pairs odd) {
#if OCTET_REGISTER_BYTES == 16
  const __m128i *a = (const __m128i *)&even, *b = (const __m128i *)&odd;
  const __m128i halves[2] = {_mm_madd_epi16(a[0], b[0]), _mm_madd_epi16(a[1], b[1])};
  widened_sums sums;
  __builtin_memcpy(&sums, halves, sizeof sums);
  return sums;
#else
  return (widened_sums)_mm256_madd_epi16((__m256i)even, (__m256i)odd);
#endif
}

OCTET_INLINE widened_bytes load_bytes(const uint8_t *from) {
  widened_bytes bytes;
  __builtin_memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

/// Ones for the first `bytes` bytes.
OCTET_INLINE widened_bytes first_bytes(size_t bytes) {
  static const uint8_t ones[2 * WIDENED] = {[0 ... WIDENED - 1] = 0xFF};
  return load_bytes(ones + WIDENED - bytes);
}

/// Widens bytes to the two planes. Gives the sums of their products.
OCTET_INLINE widened_sums widen_bytes(widened_bytes bytes, uint8_t *even_plane, uint8_t *odd_plane) {
  const widened_pairs even = (widened_pairs)bytes & 0xFF, odd = (widened_pairs)bytes >> 8;
  __builtin_memcpy(even_plane, &even, WIDENED);
  __builtin_memcpy(odd_plane, &odd, WIDENED);
  return pair_products(even, odd);
}

/// Widens `bytes` input elements of one row, a multiple of four. What stands behind their places is overwritten.
OCTET_INLINE widened_sums widen_run(const uint8_t *input, size_t bytes, uint8_t *even_plane, uint8_t *odd_plane) {
  widened_sums products = 0;
  size_t done = 0;
  for (; done + WIDENED <= bytes; done += WIDENED) {
    products += widen_bytes(load_bytes(input + done), even_plane + done, odd_plane + done);
  }
  if (done < bytes) {
    const widened_bytes elements = load_bytes(input + done) & first_bytes(bytes - done);
    products += widen_bytes(elements, even_plane + done, odd_plane + done);
  }
  return products;
}

/// The same for whole runs that are so short that one operation widens each.
OCTET_INLINE widened_sums widen_short_runs(const uint8_t *const *inputs, size_t runs, size_t bytes, uint8_t *even_plane,
                                           uint8_t *odd_plane) {
  const widened_bytes mask = first_bytes(bytes);
  widened_sums products = 0;
  for (size_t run = 0; run < runs; run++) {
    products += widen_bytes(load_bytes(inputs[run]) & mask, even_plane + run * bytes, odd_plane + run * bytes);
  }
  return products;
}

/// Widens the inputs of one row for `count` steps from `first` on, counted over all runs of the tile.
OCTET_INLINE widened_sums widen_row(const octet_dot_tile *tile, size_t row, size_t first, size_t count,
                                    widened_tile *widened) {
  uint8_t *even = widened->planes[row][0], *odd = widened->planes[row][1];
  const uint8_t *const *inputs = tile->inputs[row];
  if (tile->runs == 1) {
    return widen_run(inputs[0] + first * QUAD, count * QUAD, even, odd);
  }
  if (tile->steps * QUAD <= WIDENED) {
    return widen_short_runs(inputs, tile->runs, tile->steps * QUAD, even, odd);
  }
  widened_sums products = 0;
  size_t run = first / tile->steps, step = first % tile->steps;
  for (size_t done = 0; done < count; run++, step = 0) {
    const size_t left = tile->steps - step, steps = left < count - done ? left : count - done;
    products += widen_run(inputs[run] + step * QUAD, steps * QUAD, even + done * QUAD, odd + done * QUAD);
    done += steps;
  }
  return products;
}

/// The sums of the lanes of each vector.
OCTET_INLINE row_sums sum_lanes(const widened_sums of_rows[SUMMED_ROWS]) {
  widened_sums pairs[2];
  OCTET_UNROLLED for (size_t i = 0; i < 2; i++) {
    const widened_sums a = of_rows[2 * i], b = of_rows[2 * i + 1];
    pairs[i] = __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14) +
               __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
  }
  const widened_sums halves = __builtin_shufflevector(pairs[0], pairs[1], 0, 2, 8, 10, 4, 6, 12, 14) +
                              __builtin_shufflevector(pairs[0], pairs[1], 1, 3, 9, 11, 5, 7, 13, 15);
  return __builtin_shufflevector(halves, halves, 0, 1, 2, 3) + __builtin_shufflevector(halves, halves, 4, 5, 6, 7);
}

/// The same for all rows of the tile. Rows that it does not have are left as they are, and summed to no end.
OCTET_INLINE void widen_tile(const octet_dot_tile *tile, size_t first, size_t count, widened_tile *widened) {
  for (size_t row = 0; row < tile->rows; row += SUMMED_ROWS) {
    widened_sums products[SUMMED_ROWS] = {0};
    OCTET_UNROLLED for (size_t i = 0; i < SUMMED_ROWS; i++) {
      if (row + i < tile->rows) {
        products[i] = widen_row(tile, row + i, first, count, widened);
      }
    }
    const row_sums less = 0 - sum_lanes(products);
    __builtin_memcpy(&widened->less[row], &less, sizeof less);
  }
}

OCTET_INLINE sum_vector broadcast_word(const void *from) {
  int32_t word;
  __builtin_memcpy(&word, from, sizeof word);
  return word;
}

OCTET_INLINE sum_vector add_pairs(sum_vector a, sum_vector b) {
  return (sum_vector)((pair_vector)a + (pair_vector)b);
}

OCTET_INLINE sum_vector add_modular(sum_vector a, sum_vector b) {
  return (sum_vector)((modular_vector)a + (modular_vector)b);
}

/// Weights that the thread needs next, and how many of their bytes a step fetches into the second cache meanwhile.
typedef struct {
  const uint8_t *weights;
  size_t bytes_left, bytes_of_step;
} next_weights;

/// Spreads what is fetched over all steps of the walk's tiles.
OCTET_INLINE next_weights next_weights_make(const octet_slice_walk *walk) {
  const octet_convolution_slice *slice = walk->slice;
  const octet_weight_layout *layout = &slice->plan->layout;
  const size_t steps = walk->tiles_left * TILE_ROWS / PASS_ROWS * slice->panel_count * layout->runs * layout->steps;
  const bool fetches_next = slice->next_weights && steps > 0 && walk->tiles_left <= MOST_FETCHING_TILES;
  const size_t bytes = fetches_next ? slice->next_weight_bytes : 0;
  const size_t of_step = fetches_next ? bytes / steps + 1 : 0;
  return (next_weights){.weights = slice->next_weights,
                        .bytes_left = bytes,
                        .bytes_of_step = of_step < OCTET_FETCHED_LINE / 2 ? of_step : OCTET_FETCHED_LINE / 2};
}

/// Fetches what `count` steps are to fetch.
OCTET_INLINE void fetch_next(next_weights *next, size_t count) {
  const size_t bytes = next->bytes_of_step * count;
  if (bytes > next->bytes_left) {
    return;
  }
  for (size_t at = 0; at < bytes; at += OCTET_FETCHED_LINE) {
    __builtin_prefetch(next->weights + at, 0, 2);
  }
  next->weights += bytes;
  next->bytes_left -= bytes;
}

/// Adds `count` steps to PASS_VECTORS vectors of the sums of `rows` rows, a constant. `planes` are the first row's, and
/// `weights` the first vector's.
OCTET_INLINE void sum_steps(const uint8_t *planes, const uint8_t *weights, size_t count, size_t rows,
                            sum_vector sums[PASS_ROWS][MOST_VECTORS]) {
  for (size_t step = 0; step < count; step++) {
    weight_vector weight[PASS_VECTORS];
    OCTET_UNROLLED for (size_t v = 0; v < PASS_VECTORS; v++) {
      weight[v] = load_weights(weights, v);
    }
    OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
      const sum_vector even = broadcast_word(planes + 2 * r * PLANE_BYTES);
      const sum_vector odd = broadcast_word(planes + (2 * r + 1) * PLANE_BYTES);
      OCTET_UNROLLED for (size_t v = 0; v < PASS_VECTORS; v++) {
        const sum_vector a = add_pairs(even, weight[v].odd), b = add_pairs(odd, weight[v].even);
        sums[r][v] = add_modular(sums[r][v], (sum_vector)OCTET_VPMADDWD(a, b));
      }
    }
    planes += QUAD;
    weights += OCTET_CHANNEL_UNIT * CHANNEL_STEP_BYTES;
  }
}

/// The same, and meanwhile fetches what is next, a few lines at a time.
OCTET_INLINE void sum_and_fetch(const uint8_t *planes, const uint8_t *weights, size_t count, size_t rows,
                                next_weights *next, sum_vector sums[PASS_ROWS][MOST_VECTORS]) {
  const size_t step_bytes = OCTET_CHANNEL_UNIT * CHANNEL_STEP_BYTES;
  for (size_t step = 0; step < count; step += STEPS_PER_FETCH) {
    const size_t steps = count - step < STEPS_PER_FETCH ? count - step : STEPS_PER_FETCH;
    fetch_next(next, steps);
    sum_steps(planes + step * QUAD, weights + step * step_bytes, steps, rows, sums);
  }
}

/// What the sums of PASS_ROWS rows start from: the initial ones or those so far, less the products of the inputs.
OCTET_INLINE void start_panel(const octet_dot_tile *tile, const uint32_t *less, size_t row, size_t channel,
                              sum_vector sums[PASS_ROWS][MOST_VECTORS]) {
  const size_t stride = tile->initial_row_stride;
  const int32_t *initial = (const int32_t *)tile->initial + row * stride + channel;
  OCTET_UNROLLED for (size_t r = 0; r < PASS_ROWS; r++) {
    OCTET_UNROLLED for (size_t v = 0; v < UNIT_VECTORS; v++) {
      sums[r][v] = add_modular(load_vector(initial + v * SUM_LANES), broadcast_word(&less[row + r]));
    }
    initial += row + r + 1 < tile->rows ? stride : 0;
  }
}

/// A tile that begins at a row and a channel of another: for the programs that are applied in registers, all of which
/// write bytes.
OCTET_INLINE octet_dot_tile part_of_tile(const octet_dot_tile *tile, size_t row, size_t channel) {
  octet_dot_tile part = {.kind = tile->kind, .direct = tile->direct};
  octet_direct_rows_advance(&part.direct, row);
  octet_direct_rows_skip_channels(&part.direct, channel);
  return part;
}

/// Finishes up to PASS_ROWS rows of sums that are a tile's last, or are of fewer than sixteen channels.
static __attribute__((noinline)) void finish_some(const octet_dot_tile *tile, size_t row, size_t channel,
                                                  int32_t *sums) {
  octet_dot_tile some = part_of_tile(tile, row, channel);
  some.rows = tile->rows - row < PASS_ROWS ? tile->rows - row : PASS_ROWS;
  some.sums = sums;
  some.direct.channels = some.direct.channels < OCTET_CHANNEL_UNIT ? some.direct.channels : OCTET_CHANNEL_UNIT;
  finish_partial_kind(&some, 1);
}

/// Stores the sums of PASS_ROWS rows, `stride` apart.
OCTET_INLINE void store_rows_of_sums(int32_t *to, size_t stride, const sum_vector sums[PASS_ROWS][MOST_VECTORS]) {
  OCTET_UNROLLED for (size_t r = 0; r < PASS_ROWS; r++) {
    OCTET_UNROLLED for (size_t v = 0; v < UNIT_VECTORS; v++) {
      store_vector(to + r * stride + v * SUM_LANES, sums[r][v]);
    }
  }
}

/// PASS_ROWS rows, or those that are left of the tile, of one panel over `count` steps, finished if these are the last.
OCTET_INLINE void sum_panel(octet_slice_walk *walk, const widened_tile *widened, size_t row, size_t channel,
                            const uint8_t *weights, size_t count, bool finishes, next_weights *next,
                            bool fetches_next) {
  octet_dot_tile *tile = &walk->tile;
  sum_vector sums[PASS_ROWS][MOST_VECTORS];
  start_panel(tile, widened->less, row, channel, sums);
  OCTET_UNROLLED for (size_t v = 0; v < UNIT_VECTORS; v += PASS_VECTORS) {
    sum_vector pass[PASS_ROWS][MOST_VECTORS];
    OCTET_UNROLLED for (size_t i = 0; i < PASS_ROWS * PASS_VECTORS; i++) {
      pass[i / PASS_VECTORS][i % PASS_VECTORS] = sums[i / PASS_VECTORS][v + i % PASS_VECTORS];
    }
    const uint8_t *planes = widened->planes[row][0], *of_vectors = weights + v * sizeof(sum_vector);
    if (tile->rows - row == 1) {
      sum_steps(planes, of_vectors, count, 1, pass);
    } else if (fetches_next) {
      sum_and_fetch(planes, of_vectors, count, PASS_ROWS, next, pass);
    } else {
      sum_steps(planes, of_vectors, count, PASS_ROWS, pass);
    }
    OCTET_UNROLLED for (size_t i = 0; i < PASS_ROWS * PASS_VECTORS; i++) {
      sums[i / PASS_VECTORS][v + i % PASS_VECTORS] = pass[i / PASS_VECTORS][i % PASS_VECTORS];
    }
  }
  if (!finishes) {
    store_rows_of_sums(walk->sums + row * walk->width + channel, walk->width, sums);
  } else if (tile->rows - row >= PASS_ROWS && tile->direct.channels - channel >= OCTET_CHANNEL_UNIT) {
    const octet_dot_tile part = part_of_tile(tile, row, channel);
    finish_or_store(&part, sums, PASS_ROWS, UNIT_VECTORS);
  } else {
    _Alignas(64) int32_t stored[PASS_ROWS * OCTET_CHANNEL_UNIT];
    store_rows_of_sums(stored, OCTET_CHANNEL_UNIT, sums);
    finish_some(tile, row, channel, stored);
  }
}

/// The runs of one call for all panels of the slice. Both groups of rows meet a panel while it is in the nearest cache.
OCTET_INLINE void sum_runs(octet_slice_walk *walk, widened_tile *widened, next_weights *next) {
  octet_dot_tile *tile = &walk->tile;
  const size_t total = tile->runs * tile->steps, step_bytes = OCTET_CHANNEL_UNIT * CHANNEL_STEP_BYTES;
  for (size_t first = 0; first < total; first += STEPS_AT_ONCE) {
    const size_t count = total - first < STEPS_AT_ONCE ? total - first : STEPS_AT_ONCE;
    const bool is_last = first + count == total;
    const bool finishes = is_last && octet_epilogue_writes_bytes(tile->kind);
    widen_tile(tile, first, count, widened);
    const uint8_t *weights = tile->weights + first * step_bytes;
    for (size_t channel = 0; channel < walk->width; channel += OCTET_CHANNEL_UNIT, weights += walk->panel_bytes) {
      for (size_t row = 0; row < tile->rows; row += PASS_ROWS) {
        if (next->bytes_left > 0) {
          sum_panel(walk, widened, row, channel, weights, count, finishes, next, true);
        } else {
          sum_panel(walk, widened, row, channel, weights, count, finishes, next, false);
        }
      }
    }
    if (is_last && tile->kind == OCTET_EPILOGUE_FLOATS) {
      finish_float_tile(tile, walk->width, true);
    }
    tile->initial = walk->sums;
    tile->initial_row_stride = walk->width;
  }
}

/// Defines the kernel `name`, for panels of sixteen channels.
#define OCTET_FAST_PRODUCT_KERNEL(name)                                                                                \
  void OCTET_KERNEL_NAME(name)(const octet_convolution_slice *slice, size_t first_pixel, size_t end_pixel) {           \
    octet_slice_walk walk;                                                                                             \
    widened_tile widened;                                                                                              \
    octet_slice_begin(&walk, slice, first_pixel, end_pixel);                                                           \
    for (next_weights next = next_weights_make(&walk); octet_slice_next(&walk); octet_slice_finish(&walk)) {           \
      sum_runs(&walk, &widened, &next);                                                                                \
    }                                                                                                                  \
  }
