/// The kernel of convolution where registers hold two tiles of sums, written once over isa/quads.h: while some rows are
/// summed, the rows before are finished.
///
/// Products keep two of a processor's four vector units busy, and most of an epilogue runs on the other two. But a tile
/// has more instructions than a processor looks ahead: it does one after the other unless the code mixes them. So the
/// epilogue is cut into *slots* of a few instructions each, with products in front of every slot.
#include "convolution/dot_body.h"

/// What a step of half as many rows as usual fetches ahead.
enum { LATE_FETCHED_BYTES = OCTET_FETCHED_LINE / 2 };

/// Rows whose sums are there, and whose epilogue is not.
typedef struct {
  bool wait;
  sum_vector sums[OCTET_TILE_ROWS][MOST_VECTORS];
  uint8_t *output;
  const uint8_t *operand;
} late_rows;

/// Rows that are summed together, in what does not change from some to the next.
typedef struct {
  octet_direct_rows direct;
  /// The windows' runs; or NULL, and the only run of each pixel is `pixel_stride` bytes from that of the one before.
  const uint8_t *const (*inputs)[OCTET_RUNS_AT_ONCE];
  const uint8_t *pixel, *weights;
  size_t pixel_stride, run_bytes, steps;
  bool is_one_run;
  /// How many slots of the epilogue follow each other, 1, 2 or 4, and the steps in front of them.
  size_t together, apart;
  const uint8_t *initial;
  size_t initial_row_bytes;
} late_tile;

/// How far rows are summed.
typedef struct {
  size_t first_row, next_run, offset;
  const uint8_t *inputs[OCTET_TILE_ROWS], *weights, *fetched;
  size_t fetched_step;
} summed_rows;

/// How many slots finish so many vectors: one each, and two more until the last has gone through all stages.
OCTET_INLINE size_t late_slots(size_t vectors) {
  return vectors + 2;
}

/// How many of `slots` slots follow each other, so that there is a step in front of each such group.
OCTET_INLINE size_t slots_together(size_t steps, size_t slots) {
  size_t together = 1;
  while (together < OCTET_BLOCK_VECTORS && steps * together < slots) {
    together *= 2;
  }
  return together;
}

OCTET_INLINE late_tile late_tile_make(const octet_dot_tile *tile, size_t rows, size_t vectors) {
  const size_t steps = tile->runs * tile->steps, slots = late_slots(rows * vectors);
  // A step of one vector is too little in front of a slot.
  const bool has_steps_for_slots = tile->runs == 1 && vectors > 1;
  const size_t together = has_steps_for_slots ? slots_together(steps, slots) : OCTET_BLOCK_VECTORS;
  return (late_tile){.direct = tile->direct,
                     .inputs = tile->inputs,
                     .weights = tile->weights,
                     .run_bytes = tile->steps * STEP_BYTES,
                     .steps = steps,
                     .is_one_run = tile->runs == 1,
                     .together = together,
                     .apart = steps / ((slots + together - 1) / together),
                     .initial = tile->initial,
                     .initial_row_bytes = tile->initial_row_stride * sizeof(int32_t)};
}

/// Points to the next run of each row.
OCTET_INLINE void begin_run(const late_tile *tile, summed_rows *summed, size_t rows) {
  OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
    const size_t row = summed->first_row + r;
    summed->inputs[r] = tile->inputs ? tile->inputs[row][summed->next_run] : tile->pixel + row * tile->pixel_stride;
  }
  summed->next_run++;
  summed->offset = 0;
}

/// Adds the products of the next `count` steps of a run, four bytes of each row against the panel's weights.
OCTET_INLINE void add_steps_of_run(summed_rows *summed, size_t count, size_t rows, size_t vectors,
                                   sum_vector sums[][MOST_VECTORS]) {
  for (const size_t end = summed->offset + count * STEP_BYTES; summed->offset < end; summed->offset += STEP_BYTES) {
    weight_vector weight[MOST_VECTORS];
    OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
      weight[v] = load_weights(summed->weights, v);
    }
    summed->weights += vectors * SUM_LANES * CHANNEL_STEP_BYTES;
    if (fetches(vectors)) {
      __builtin_prefetch(summed->fetched, 0, 2);
      summed->fetched += summed->fetched_step;
    }
    OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
      const step_vector input = broadcast_step(summed->inputs[r] + summed->offset);
      OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
        sums[r][v] = add_products(sums[r][v], input, weight[v]);
      }
    }
  }
}

/// The same across runs.
OCTET_INLINE void add_steps(const late_tile *tile, summed_rows *summed, size_t count, size_t rows, size_t vectors,
                            sum_vector sums[][MOST_VECTORS]) {
  if (!tile->inputs || tile->is_one_run) {
    add_steps_of_run(summed, count, rows, vectors, sums);
    return;
  }
  while (count > 0) {
    if (summed->offset == tile->run_bytes) {
      begin_run(tile, summed, rows);
    }
    const size_t left = (tile->run_bytes - summed->offset) / STEP_BYTES, steps = count < left ? count : left;
    add_steps_of_run(summed, steps, rows, vectors, sums);
    count -= steps;
  }
}

/// Stores a block of vectors, of which the one that is the last of its row may have fewer channels.
OCTET_INLINE void store_late_block(const octet_direct_rows *direct, u8x64 bytes, size_t first, size_t vectors) {
  const size_t width = vectors * OCTET_LANES, tail = direct->channels % OCTET_LANES;
  uint8_t *to = direct->output + first / vectors * direct->output_stride;
  if (tail == 0 && OCTET_BLOCK_VECTORS % vectors == 0 &&
      (vectors == OCTET_BLOCK_VECTORS || direct->output_stride == width)) {
    __builtin_memcpy(to, &bytes, sizeof bytes);
    return;
  }
  OCTET_UNROLLED for (size_t i = 0; i < OCTET_BLOCK_VECTORS; i++) {
    const size_t row = (first + i) / vectors, unit = (first + i) % vectors;
    uint8_t *at = direct->output + row * direct->output_stride + unit * OCTET_LANES;
    if (tail != 0 && unit + 1 == vectors) {
      uint8_t lane[OCTET_LANES];
      store_lane(lane, bytes, i);
      copy_short(at, lane, tail);
    } else {
      store_lane(at, bytes, i);
    }
  }
}

/// Has a value computed here, where the compiler would do so behind the products that follow.
OCTET_INLINE f32x16 computed_here(f32x16 value) {
  __asm__ volatile("" : "+v"(value));
  return value;
}

/// Whether a program adds another tensor.
OCTET_INLINE bool adds_operand(octet_epilogue_kind kind) {
  return kind == OCTET_EPILOGUE_RESIDUAL || kind == OCTET_EPILOGUE_SCALED_RESIDUAL;
}

/// First of three stages of vector `i` of those that wait, counted row after row: up to where another tensor is added.
OCTET_INLINE void scale_late(const octet_direct_rows *direct, late_rows *late, size_t i, size_t vectors,
                             octet_epilogue_kind kind) {
  sum_vector *sums = &late->sums[i / vectors][i % vectors];
  f32x16 v = scaled_sums(direct, (i32x16)*sums, i % vectors);
  if (kind == OCTET_EPILOGUE_ACTIVATION) {
    v = activate(direct, v, i % vectors);
  } else if (kind != OCTET_EPILOGUE_REQUANTIZE) {
    v = requantize_branch(direct, v);
  }
  *sums = (sum_vector)computed_here(v);
}

/// Second stage: adds the other tensor, if there is one.
OCTET_INLINE void add_late(const octet_direct_rows *direct, late_rows *late, size_t i, size_t vectors,
                           octet_epilogue_kind kind) {
  if (!adds_operand(kind)) {
    return;
  }
  const size_t row = i / vectors, unit = i % vectors;
  sum_vector *sums = &late->sums[row][unit];
  const bool is_scaled = kind == OCTET_EPILOGUE_SCALED_RESIDUAL;
  *sums = (sum_vector)computed_here(add_operand(direct, (f32x16)*sums, row, unit, is_scaled));
}

/// Third stage of the block of vectors from `first` on: narrows and stores them.
OCTET_INLINE void store_late(const octet_direct_rows *direct, const late_rows *late, size_t first, size_t vectors) {
  f32x16 values[OCTET_BLOCK_VECTORS];
  OCTET_UNROLLED for (size_t i = 0; i < OCTET_BLOCK_VECTORS; i++) {
    values[i] = (f32x16)late->sums[(first + i) / vectors][(first + i) % vectors];
  }
  store_late_block(direct, narrow_bounded(direct, values, first, vectors), first, vectors);
}

/// What slot number `slot` does: one stage each of vectors that follow each other. The stages of a vector are slots
/// apart, since no processor looks so far ahead that products behind a whole epilogue fill the time that it takes.
OCTET_INLINE void finish_late_slot(const late_tile *tile, late_rows *late, size_t slot, size_t rows, size_t vectors,
                                   octet_epilogue_kind kind) {
  octet_direct_rows direct = tile->direct;
  direct.output = late->output;
  direct.operand = late->operand;
  if (slot < rows * vectors) {
    scale_late(&direct, late, slot, vectors, kind);
  }
  if (slot >= 1 && slot <= rows * vectors) {
    add_late(&direct, late, slot - 1, vectors, kind);
  }
  if (slot > OCTET_BLOCK_VECTORS && slot % OCTET_BLOCK_VECTORS == 1) {
    store_late(&direct, late, slot - 1 - OCTET_BLOCK_VECTORS, vectors);
  }
}

/// Copies `rows` rows of sums, and where they go.
OCTET_INLINE void move_late(const late_rows *from, late_rows *to, size_t rows, size_t vectors) {
  to->wait = from->wait;
  to->output = from->output;
  to->operand = from->operand;
  OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
    OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
      to->sums[r][v] = from->sums[r][v];
    }
  }
}

/// Sums `rows` rows of a tile, and meanwhile finishes those that wait.
OCTET_INLINE void dot_late(const late_tile *tile, summed_rows *summed, late_rows *late, size_t rows, size_t vectors,
                           octet_epilogue_kind kind) {
  const octet_direct_rows *direct = &tile->direct;
  const size_t row = summed->first_row;
  late_rows next = {.wait = true,
                    .output = direct->output + row * direct->output_stride,
                    .operand = direct->operand + row * direct->operand_stride};
  OCTET_UNROLLED for (size_t r = 0; r < rows; r++) {
    OCTET_UNROLLED for (size_t v = 0; v < vectors; v++) {
      next.sums[r][v] = load_vector(tile->initial + (row + r) * tile->initial_row_bytes + v * sizeof(sum_vector));
    }
    __builtin_prefetch(next.output + r * direct->output_stride, 1, 3);
    if (adds_operand(kind)) {
      __builtin_prefetch(next.operand + r * direct->operand_stride, 0, 3);
    }
  }
  summed->next_run = 0;
  begin_run(tile, summed, rows);
  summed->weights = tile->weights;
  size_t steps = tile->steps;
  if (late->wait) {
    OCTET_UNROLLED for (size_t slot = 0; slot < late_slots(rows * vectors); slot++) {
      if ((slot & (tile->together - 1)) == 0) {
        add_steps(tile, summed, tile->apart, rows, vectors, next.sums);
        steps -= tile->apart;
      }
      finish_late_slot(tile, late, slot, rows, vectors, kind);
    }
  }
  add_steps(tile, summed, steps, rows, vectors, next.sums);
  move_late(&next, late, rows, vectors);
}

/// Finishes those that wait when there is nothing more to sum.
OCTET_INLINE void finish_waiting(const late_tile *tile, late_rows *late, size_t rows, size_t vectors,
                                 octet_epilogue_kind kind) {
  if (late->wait) {
    OCTET_UNROLLED for (size_t slot = 0; slot < late_slots(rows * vectors); slot++) {
      finish_late_slot(tile, late, slot, rows, vectors, kind);
    }
  }
}

/// Whether to sum `rows` more of those that are left: not of a last few that may as well be summed together.
OCTET_INLINE bool goes_on(size_t left, size_t rows, size_t most_rows) {
  return left == rows || left >= 2 * rows || left > most_rows;
}

/// Sums the rows of a tile but for the last few, and returns how many. `late` are those before, then the last.
OCTET_INLINE size_t dot_tile_late(const octet_dot_tile *tile, late_rows *late, size_t rows, size_t most_rows,
                                  size_t vectors, octet_epilogue_kind kind) {
  const late_tile constant = late_tile_make(tile, rows, vectors);
  late_rows in_registers;
  move_late(late, &in_registers, rows, vectors);
  summed_rows summed = {.fetched = tile->fetched, .fetched_step = tile->fetched_step};
  for (; goes_on(tile->rows - summed.first_row, rows, most_rows); summed.first_row += rows) {
    dot_late(&constant, &summed, &in_registers, rows, vectors, kind);
    summed.fetched_step = 0;
  }
  move_late(&in_registers, late, rows, vectors);
  return summed.first_row;
}

/// The same for `pixels` pixels, each of which is its own window.
OCTET_INLINE size_t dot_pixels_late(const octet_slice_walk *walk, size_t pixels, size_t rows, size_t most_rows,
                                    size_t vectors, octet_epilogue_kind kind) {
  const octet_convolution_plan *plan = walk->slice->plan;
  octet_dot_tile tile = walk->tile;
  tile.runs = 1;
  tile.inputs = NULL;
  tile.weights = walk->weights;
  tile.initial = walk->initial;
  tile.initial_row_stride = 0;
  late_tile constant = late_tile_make(&tile, rows, vectors);
  constant.pixel_stride = plan->input_pixel_stride;
  constant.pixel = walk->slice->input + walk->pixel * constant.pixel_stride;
  const size_t tile_bytes = constant.steps * LATE_FETCHED_BYTES;
  size_t bytes_to_fetch = walk->bytes_to_fetch;
  late_rows late = {.wait = false};
  summed_rows summed = {.fetched = walk->tile.fetched};
  for (; goes_on(pixels - summed.first_row, rows, most_rows); summed.first_row += rows) {
    const bool has_more = bytes_to_fetch >= tile_bytes;
    summed.fetched_step = has_more ? LATE_FETCHED_BYTES : 0;
    bytes_to_fetch -= has_more ? tile_bytes : 0;
    dot_late(&constant, &summed, &late, rows, vectors, kind);
  }
  finish_waiting(&constant, &late, rows, vectors, kind);
  return summed.first_row;
}

/// Rows of a tile from a row on, as a tile of its own.
OCTET_INLINE octet_dot_tile rows_of_tile(const octet_dot_tile *tile, size_t row, size_t rows, size_t channels) {
  octet_dot_tile part = *tile;
  part.rows = rows;
  part.inputs += row;
  part.initial = (const int32_t *)tile->initial + row * tile->initial_row_stride;
  part.sums = (int32_t *)tile->sums + row * channels;
  octet_direct_rows_advance(&part.direct, row);
  return part;
}

/// Runs `code` with the constant `kind` that a program has which waits: no others do.
#define OCTET_LATE_KIND(of, code)                                                                                      \
  switch (of) {                                                                                                        \
  case OCTET_EPILOGUE_ANY:                                                                                             \
  case OCTET_EPILOGUE_FLOATS:                                                                                          \
    break;                                                                                                             \
    OCTET_LATE_CASE(OCTET_EPILOGUE_REQUANTIZE, code)                                                                   \
    OCTET_LATE_CASE(OCTET_EPILOGUE_RESIDUAL, code)                                                                     \
    OCTET_LATE_CASE(OCTET_EPILOGUE_SCALED_RESIDUAL, code)                                                              \
    OCTET_LATE_CASE(OCTET_EPILOGUE_ACTIVATION, code)                                                                   \
  }

#define OCTET_LATE_CASE(constant, code)                                                                                \
  case constant: {                                                                                                     \
    const octet_epilogue_kind kind = constant;                                                                         \
    code;                                                                                                              \
    break;                                                                                                             \
  }

/// Defines the kernel `name` for tiles of `channels` channels, of which up to `most_rows` rows are summed at once, or
/// `at_once` while others are finished.
///
/// What sums rows late is not inlined into the walk, whose calls would leave no sums in registers.
#define OCTET_LATE_DOT_KERNEL(name, most_rows, at_once, channels)                                                      \
  static __attribute__((noinline)) size_t OCTET_KERNEL_NAME(name##_pixels)(const octet_slice_walk *walk,               \
                                                                           size_t pixels) {                            \
    OCTET_LATE_KIND(walk->slice->plan->kind,                                                                           \
                    return dot_pixels_late(walk, pixels, at_once, most_rows, (channels) / SUM_LANES, kind))            \
    return 0;                                                                                                          \
  }                                                                                                                    \
                                                                                                                       \
  static __attribute__((noinline)) size_t OCTET_KERNEL_NAME(name##_tile)(const octet_dot_tile *tile,                   \
                                                                         late_rows *late) {                            \
    OCTET_LATE_KIND(tile->kind, return dot_tile_late(tile, late, at_once, most_rows, (channels) / SUM_LANES, kind))    \
    return 0;                                                                                                          \
  }                                                                                                                    \
                                                                                                                       \
  static __attribute__((noinline)) void OCTET_KERNEL_NAME(name##_rows)(const octet_dot_tile *tile, size_t row,         \
                                                                       size_t count) {                                 \
    const octet_dot_tile part = rows_of_tile(tile, row, count, channels);                                              \
    switch (count) { OCTET_DOT_EACH_ROW_COUNT(&part, most_rows, channels) }                                            \
    finish_stored(&part, channels);                                                                                    \
  }                                                                                                                    \
                                                                                                                       \
  void OCTET_KERNEL_NAME(name)(const octet_convolution_slice *slice, size_t first_pixel, size_t end_pixel) {           \
    octet_slice_walk walk;                                                                                             \
    octet_slice_begin(&walk, slice, first_pixel, end_pixel);                                                           \
    if (walk.is_late && slice->plan->steps.pointwise && !slice->plan->pixel_initial) {                                 \
      octet_slice_skip(&walk, OCTET_KERNEL_NAME(name##_pixels)(&walk, end_pixel - first_pixel), end_pixel);            \
    }                                                                                                                  \
    late_rows late;                                                                                                    \
    late.wait = false;                                                                                                 \
    for (; octet_slice_next(&walk); octet_slice_finish(&walk)) {                                                       \
      const bool are_last_runs = walk.tile.kind == slice->plan->kind;                                                  \
      size_t row = walk.is_late && are_last_runs ? OCTET_KERNEL_NAME(name##_tile)(&walk.tile, &late) : 0;              \
      for (size_t count; row < walk.tile.rows; row += count) {                                                         \
        count = walk.tile.rows - row < (most_rows) ? walk.tile.rows - row : (most_rows);                               \
        OCTET_KERNEL_NAME(name##_rows)(&walk.tile, row, count);                                                        \
      }                                                                                                                \
    }                                                                                                                  \
    const late_tile last = late_tile_make(&walk.tile, at_once, (channels) / SUM_LANES);                                \
    OCTET_LATE_KIND(slice->plan->kind, finish_waiting(&last, &late, at_once, (channels) / SUM_LANES, kind))            \
  }
