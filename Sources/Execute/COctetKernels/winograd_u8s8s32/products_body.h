/// The second step of winograd_body.h: a product of matrices per position, tiles by input channels by a panel.
///
/// Where one instruction multiplies and adds, the vector units have time left. Weights are stored half transformed
/// there: half the bytes come from memory, and G along the width is done beside the products.

/// G along one axis, but for the factor that its ends may keep. What is not used of it is not computed.
OCTET_INLINE void transform_taps(const pair_vector taps[TAPS], pair_vector to[INPUTS]) {
  const pair_vector ones = taps[0] + taps[2], twos = taps[0] + 4 * taps[2], two = 2 * taps[1];
  to[0] = taps[0];
  to[1] = ones + taps[1];
  to[2] = ones - taps[1];
  to[3] = twos + two;
  to[4] = twos - two;
  to[5] = taps[2];
}

#ifdef OCTET_VPDPWSSD

/// Columns of a line's positions that are multiplied together, since they share operations of G.
typedef enum { ENDS, ONES, TWOS, COLUMN_GROUPS } winograd_columns;

enum { AT_ONCE = 2 };

OCTET_INLINE size_t column_of(winograd_columns columns, size_t i) {
  static const size_t numbers[COLUMN_GROUPS][AT_ONCE] = {{0, 5}, {1, 2}, {3, 4}};
  return numbers[columns][i];
}

OCTET_INLINE const uint8_t *weights_of(const uint8_t *line, winograd_columns columns, size_t pairs) {
  (void)columns, (void)pairs;
  return line;
}

/// The weights of `columns`, a constant, for the taps of a pair of channels.
OCTET_INLINE void load_columns(const uint8_t *taps, winograd_columns columns, sum_vector to[AT_ONCE][UNIT_VECTORS]) {
  OCTET_UNROLLED for (size_t v = 0; v < UNIT_VECTORS; v++, taps += sizeof(sum_vector)) {
    pair_vector three[TAPS], six[INPUTS];
    OCTET_UNROLLED for (size_t tap = 0; tap < TAPS; tap++) {
      three[tap] = (pair_vector)load_vector(taps + tap * WEIGHT_STEP_BYTES);
    }
    transform_taps(three, six);
    OCTET_UNROLLED for (size_t i = 0; i < AT_ONCE; i++) {
      to[i][v] = (sum_vector)six[column_of(columns, i)];
    }
  }
}

OCTET_INLINE sum_vector add_pair(sum_vector sums, sum_vector inputs, sum_vector weights) {
  return (sum_vector)OCTET_VPDPWSSD(sums, inputs, weights);
}

#else

/// The number of the column that is multiplied.
typedef size_t winograd_columns;

enum { AT_ONCE = 1 };

OCTET_INLINE size_t column_of(winograd_columns columns, size_t i) {
  return columns + i;
}

OCTET_INLINE const uint8_t *weights_of(const uint8_t *line, winograd_columns columns, size_t pairs) {
  return line + columns * pairs * WEIGHT_STEP_BYTES;
}

OCTET_INLINE void load_columns(const uint8_t *step, winograd_columns columns, sum_vector to[AT_ONCE][UNIT_VECTORS]) {
  (void)columns;
  OCTET_UNROLLED for (size_t v = 0; v < UNIT_VECTORS; v++) {
    to[0][v] = load_vector(step + v * sizeof(sum_vector));
  }
}

OCTET_INLINE sum_vector add_pair(sum_vector sums, sum_vector inputs, sum_vector weights) {
  return (sum_vector)((modular_vector)sums + (modular_vector)OCTET_VPMADDWD(inputs, weights));
}

#endif

/// A line of positions of neighbouring tiles of a block.
typedef struct {
  winograd_block *block;
  size_t line, first_tile, pairs;
  const uint8_t *weights;
} winograd_line;

/// The sums of `rows` tiles, a constant.
OCTET_INLINE void multiply_rows(const winograd_line *line, winograd_columns columns, size_t rows) {
  winograd_block *block = line->block;
  const size_t tile_step = block->tile_step, pairs = line->pairs;
  const uint8_t *inputs[AT_ONCE], *weights = weights_of(line->weights, columns, pairs);
  sum_vector sums[AT_ONCE][ROWS][UNIT_VECTORS] = {{{0}}};
  OCTET_UNROLLED for (size_t i = 0; i < AT_ONCE; i++) {
    const size_t position = line->line * INPUTS + column_of(columns, i);
    inputs[i] = block->inputs + position * block->position_step + line->first_tile * tile_step;
  }
  for (size_t pair = 0; pair < pairs; pair++, weights += STEP_BYTES_OF_WEIGHTS) {
    sum_vector weight[AT_ONCE][UNIT_VECTORS];
    load_columns(weights, columns, weight);
    OCTET_UNROLLED for (size_t i = 0; i < AT_ONCE; i++) {
      OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
        int32_t input;
        __builtin_memcpy(&input, inputs[i] + pair * PAIR_BYTES + r * tile_step, sizeof input);
        OCTET_UNROLLED for (size_t v = 0; v < UNIT_VECTORS; v++) {
          sums[i][r][v] = add_pair(sums[i][r][v], input, weight[i][v]);
        }
      }
    }
#ifdef OCTET_VPDPWSSD
    __builtin_prefetch(weights + pairs * LINE_BYTES_OF_WEIGHTS + columns * WEIGHT_STEP_BYTES, 0, 2);
#endif
  }
  OCTET_UNROLLED for (size_t i = 0; i < AT_ONCE; i++) {
    int32_t (*to)[PANEL] = block->products[line->line * INPUTS + column_of(columns, i)];
    OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
      OCTET_UNROLLED for (size_t v = 0; v < UNIT_VECTORS; v++) {
        store_vector(to[r] + v * SUM_LANES, sums[i][r][v]);
      }
    }
  }
}

/// All positions of a panel, whose weights begin at `weights`, for `rows` tiles from `first_tile` on.
OCTET_INLINE void multiply_lines(winograd_block *block, const uint8_t *weights, size_t pairs, size_t first_tile,
                                 size_t rows) {
  for (size_t number = 0; number < INPUTS; number++, weights += pairs * LINE_BYTES_OF_WEIGHTS) {
    const winograd_line line = {block, number, first_tile, pairs, weights};
#ifdef OCTET_VPDPWSSD
    multiply_rows(&line, ENDS, rows);
    multiply_rows(&line, ONES, rows);
    multiply_rows(&line, TWOS, rows);
#else
    for (size_t column = 0; column < INPUTS; column++) {
      multiply_rows(&line, column, rows);
    }
#endif
  }
}

/// Row counts beyond the kernel's are never asked for, and no code is made for them.
#define OCTET_MULTIPLY_ROWS(count)                                                                                     \
  case count:                                                                                                          \
    if (count <= ROWS) {                                                                                               \
      multiply_lines(block, weights, pairs, first_tile, count);                                                        \
    }                                                                                                                  \
    break;

OCTET_STEP void multiply_tiles(winograd_block *block, const uint8_t *weights, size_t pairs, size_t first_tile,
                               size_t count) {
  switch (count) {
    OCTET_MULTIPLY_ROWS(1)
    OCTET_MULTIPLY_ROWS(2)
    OCTET_MULTIPLY_ROWS(3)
    OCTET_MULTIPLY_ROWS(4)
    OCTET_MULTIPLY_ROWS(5)
    OCTET_MULTIPLY_ROWS(6)
    OCTET_MULTIPLY_ROWS(7)
    OCTET_MULTIPLY_ROWS(8)
    OCTET_MULTIPLY_ROWS(9)
    OCTET_MULTIPLY_ROWS(10)
    OCTET_MULTIPLY_ROWS(11)
    OCTET_MULTIPLY_ROWS(12)
  }
}
