/// The last steps of winograd_body.h: Aᵀ … A, the way back from 36 positions to 16 pixels, and the epilogue.

/// Aᵀ along one axis, with what G leaves out: 24, 12, 6 and 6 times the sums. Ends are G's times what `ends` lacks
/// of 6.
OCTET_INLINE void transform_products(const modular_vector m[INPUTS], uint32_t ends, modular_vector to[OUTPUTS]) {
  const modular_vector ones = m[1] + m[2], one = m[1] - m[2], twos = m[3] + m[4], two = m[3] - m[4];
  to[0] = ends * m[0] - 4 * ones + twos;
  to[1] = two - 2 * one;
  to[2] = twos - ones;
  to[3] = 2 * two - one + ends * m[5];
}

/// `sums` is 9 · 2^(i + j) times what it is, where i and j stand for the lines of the two axes.
OCTET_INLINE sum_vector unscale(modular_vector sums, size_t y, size_t x) {
  static const int32_t shifts[OUTPUTS] = {3, 2, 1, 1};
  const uint32_t ninth = 954437177;
  return (sum_vector)(sums * ninth) >> (shifts[y] + shifts[x]);
}

/// The sixteen pixels of a tile, for one vector of the panel's channels.
OCTET_INLINE void sum_tile(const winograd_block *block, size_t tile, const int32_t *initial, size_t channel,
                           sum_vector to[OUTPUTS][OUTPUTS]) {
  modular_vector lines[OUTPUTS][INPUTS];
  OCTET_UNROLLED for (size_t x = 0; x < INPUTS; x++) {
    modular_vector column[INPUTS], transformed[OUTPUTS];
    OCTET_UNROLLED for (size_t y = 0; y < INPUTS; y++) {
      column[y] = (modular_vector)load_vector(&block->products[y * INPUTS + x][tile][channel]);
    }
    transform_products(column, 1, transformed);
    OCTET_UNROLLED for (size_t y = 0; y < OUTPUTS; y++) {
      lines[y][x] = transformed[y];
    }
  }
  const modular_vector start = (modular_vector)load_vector(initial + channel);
  OCTET_UNROLLED for (size_t y = 0; y < OUTPUTS; y++) {
    modular_vector transformed[OUTPUTS];
    transform_products(lines[y], 6, transformed);
    OCTET_UNROLLED for (size_t x = 0; x < OUTPUTS; x++) {
      to[y][x] = (sum_vector)((modular_vector)unscale(transformed[x], y, x) + start);
    }
  }
}

/// Stores the sums of `count` tiles, line by line.
OCTET_STEP void store_tiles(winograd_block *block, size_t count, const int32_t *initial) {
  for (size_t tile = 0; tile < count; tile++) {
    for (size_t channel = 0; channel < PANEL; channel += SUM_LANES) {
      sum_vector sums[OUTPUTS][OUTPUTS];
      sum_tile(block, tile, initial, channel, sums);
      OCTET_UNROLLED for (size_t y = 0; y < OUTPUTS; y++) {
        OCTET_UNROLLED for (size_t x = 0; x < OUTPUTS; x++) {
          store_vector(&block->sums[y][tile * OUTPUTS + x][channel], sums[y][x]);
        }
      }
    }
  }
}

/// Finishes `count` neighbouring pixels. `kind` is a constant.
OCTET_INLINE void finish_kind(octet_direct_rows rows, const int32_t (*sums)[PANEL], size_t count,
                              octet_epilogue_kind kind) {
  for (; rows.channels == PANEL && count >= FINISHED_ROWS; count -= FINISHED_ROWS, sums += FINISHED_ROWS) {
    i32x16 together[FINISHED_ROWS];
    __builtin_memcpy(together, sums, sizeof together);
    finish_rows(&rows, together, FINISHED_ROWS, 1, kind);
    octet_direct_rows_advance(&rows, FINISHED_ROWS);
  }
  finish_partial_rows(&rows, *sums, count, 1, kind);
}

/// Finishes `count` output pixels from `pixel` on, whose sums are stored.
OCTET_STEP void finish_pixels(const octet_winograd_task *task, int32_t (*sums)[PANEL], size_t pixel, size_t count,
                              size_t first_channel) {
  const octet_winograd_plan *plan = task->plan;
  const size_t left = plan->geometry.group_outputs - first_channel, channels = left < PANEL ? left : PANEL;
  if (plan->kind == OCTET_EPILOGUE_ANY) {
    const octet_epilogue_tile tile = {.sums = sums,
                                      .sums_are_integers = true,
                                      .rows = count,
                                      .row_stride = PANEL,
                                      .first_pixel = pixel,
                                      .first_channel = first_channel,
                                      .channels = channels,
                                      .buffers = task->buffers,
                                      .strides = &plan->strides};
    plan->finish(plan->epilogue, &tile);
    return;
  }
  const octet_direct_rows rows =
      octet_direct_rows_make(plan->epilogue, plan->kind, task->buffers, &plan->strides, pixel, first_channel, channels);
  switch (plan->kind) {
  case OCTET_EPILOGUE_ANY:
  case OCTET_EPILOGUE_ACTIVATION:
    break;
  case OCTET_EPILOGUE_REQUANTIZE:
    finish_kind(rows, sums, count, OCTET_EPILOGUE_REQUANTIZE);
    break;
  case OCTET_EPILOGUE_RESIDUAL:
    finish_kind(rows, sums, count, OCTET_EPILOGUE_RESIDUAL);
    break;
  case OCTET_EPILOGUE_SCALED_RESIDUAL:
    finish_kind(rows, sums, count, OCTET_EPILOGUE_SCALED_RESIDUAL);
    break;
  case OCTET_EPILOGUE_FLOATS:
    finish_float_tile(&(octet_dot_tile){.rows = count, .sums = sums, .direct = rows}, PANEL, true);
    break;
  }
}

/// The tiles first ..< end of a block, for the panel of channels from `first_channel` on.
static void finish_tiles(winograd_block *block, size_t first, size_t end, size_t first_channel) {
  const octet_winograd_plan *plan = block->task->plan;
  store_tiles(block, end - first, plan->initial + first_channel);
  for (size_t tile = first; tile < end;) {
    const octet_winograd_row row = octet_winograd_row_at(plan, block->first_tile + tile, block->first_tile + end);
    for (size_t line = 0; line < row.lines; line++) {
      const size_t pixel = row.first_pixel + line * plan->geometry.output[2];
      finish_pixels(block->task, &block->sums[line][(tile - first) * OUTPUTS], pixel, row.line_pixels, first_channel);
    }
    tile += row.tiles;
  }
}
