/// The products of products_body.h where weights are stored as they are.
///
/// Where one instruction multiplies and adds, G along both axes is done beside the products, all columns of a line at
/// once. Elsewhere a panel's weights are transformed first, which takes less time than getting them from memory.

OCTET_INLINE pair_vector load_tap(const uint8_t *tap) {
  typedef int8_t bytes __attribute__((ext_vector_type(2 * OCTET_SUM_LANES)));
  typedef int16_t taps __attribute__((ext_vector_type(2 * OCTET_SUM_LANES)));
  bytes narrow;
  __builtin_memcpy(&narrow, tap, sizeof narrow);
  return (pair_vector) __builtin_convertvector(narrow, taps);
}

/// A line of G g Gᵀ, a constant, of the taps that begin at `taps`, but for the factor of its ends along the height.
OCTET_INLINE void line_of_positions(const uint8_t *taps, size_t line, pair_vector to[INPUTS]) {
  pair_vector of_line[TAPS];
  OCTET_UNROLLED for (size_t x = 0; x < TAPS; x++) {
    pair_vector column[TAPS], lines[INPUTS];
    OCTET_UNROLLED for (size_t y = 0; y < TAPS; y++) {
      column[y] = load_tap(taps + (y * TAPS + x) * TAP_BYTES);
    }
    transform_taps(column, lines);
    of_line[x] = lines[line];
  }
  transform_taps(of_line, to);
}

/// The factor that the ends of G along the height keep.
OCTET_INLINE uint16_t factor_of_line(size_t line) {
  return line == 0 || line == INPUTS - 1 ? 6 : 1;
}

#ifdef OCTET_VPDPWSSD

enum { UNTRANSFORMED_ROWS = 4 };

_Static_assert(UNIT_VECTORS == 1, "a register holds a panel");

/// The sums of `rows` tiles at the positions of a line. Both are constants.
OCTET_INLINE void multiply_line(winograd_block *block, const uint8_t *taps, size_t pairs, size_t first_tile,
                                size_t line, size_t rows) {
  const size_t tile_step = block->tile_step, position_step = block->position_step;
  const uint8_t *inputs = block->inputs + line * INPUTS * position_step + first_tile * tile_step;
  // Every line asks for its share of the next panel.
  enum { PAIR_TAP_BYTES = TAPS * TAPS * TAP_BYTES, SHARE = PAIR_TAP_BYTES / INPUTS };
  const uint8_t *next = taps + pairs * (PAIR_TAP_BYTES + line * SHARE);
  sum_vector sums[INPUTS][UNTRANSFORMED_ROWS] = {{0}};
  for (size_t pair = 0; pair < pairs; pair++) {
    pair_vector weights[INPUTS];
    line_of_positions(taps, line, weights);
    OCTET_UNROLLED for (size_t x = 0; x < INPUTS; x++) {
      OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
        int32_t input;
        __builtin_memcpy(&input, inputs + x * position_step + r * tile_step, sizeof input);
        sums[x][r] = add_pair(sums[x][r], input, (sum_vector)weights[x]);
      }
    }
    __builtin_prefetch(next, 0, 2);
    next += SHARE;
    inputs += PAIR_BYTES;
    taps += PAIR_TAP_BYTES;
  }
  const modular_vector factor = factor_of_line(line);
  OCTET_UNROLLED for (size_t x = 0; x < INPUTS; x++) {
    OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
      store_vector(block->products[line * INPUTS + x][r], (sum_vector)((modular_vector)sums[x][r] * factor));
    }
  }
}

OCTET_INLINE void multiply_untransformed_rows(winograd_block *block, const uint8_t *taps, size_t pairs,
                                              size_t first_tile, size_t rows) {
  OCTET_UNROLLED for (size_t line = 0; line < INPUTS; line++) {
    multiply_line(block, taps, pairs, first_tile, line, rows);
  }
}

/// All positions of a panel, whose taps begin at `taps`, for `count` tiles from `first_tile` on.
OCTET_STEP void multiply_untransformed(winograd_block *block, const uint8_t *taps, size_t pairs, size_t first_tile,
                                       size_t count) {
  switch (count) {
  case 1:
    multiply_untransformed_rows(block, taps, pairs, first_tile, 1);
    break;
  case 2:
    multiply_untransformed_rows(block, taps, pairs, first_tile, 2);
    break;
  case 3:
    multiply_untransformed_rows(block, taps, pairs, first_tile, 3);
    break;
  default:
    multiply_untransformed_rows(block, taps, pairs, first_tile, 4);
    break;
  }
}

/// They are read as they are.
OCTET_INLINE const uint8_t *untransformed_weights(winograd_block *block, const uint8_t *taps, size_t pairs) {
  (void)block, (void)pairs;
  return taps;
}

#else

enum { UNTRANSFORMED_ROWS = ROWS };

/// A panel's weights in the kernel's format. Six positions are written at a time: the first cache does not hold the
/// same channel of more.
OCTET_STEP void transform_weights(const uint8_t *taps, uint8_t *to, size_t pairs) {
  OCTET_UNROLLED for (size_t line = 0; line < INPUTS; line++) {
    for (size_t pair = 0; pair < pairs; pair++) {
      OCTET_UNROLLED for (size_t v = 0; v < UNIT_VECTORS; v++) {
        pair_vector positions[INPUTS];
        line_of_positions(taps + pair * TAPS * TAPS * TAP_BYTES + v * 2 * SUM_LANES, line, positions);
        OCTET_UNROLLED for (size_t x = 0; x < INPUTS; x++) {
          const pair_vector scaled = positions[x] * factor_of_line(line);
          uint8_t *position = to + (line * INPUTS + x) * pairs * WEIGHT_STEP_BYTES;
          store_vector(position + pair * WEIGHT_STEP_BYTES + v * sizeof(sum_vector), (sum_vector)scaled);
        }
      }
    }
  }
}

/// What multiply_untransformed reads of a panel.
OCTET_INLINE const uint8_t *untransformed_weights(winograd_block *block, const uint8_t *taps, size_t pairs) {
  transform_weights(taps, block->weights, pairs);
  return block->weights;
}

OCTET_INLINE void multiply_untransformed(winograd_block *block, const uint8_t *weights, size_t pairs, size_t first_tile,
                                         size_t count) {
  multiply_tiles(block, weights, pairs, first_tile, count);
}

#endif
