/// The tasks of a convolution by tiles: stretches of tiles, or some panels of them where tiles are few.
#include "octet_winograd.h"

#include "winograd_u8s8s32/tiles.h"

enum {
  TAPS = OCTET_WINOGRAD_TAPS,
  /// Bytes of weights that are gone from the caches when the next inference needs them.
  LARGE_WEIGHTS = 2 << 20,
  /// What a tile's part of a block is a multiple of.
  CHANNELS_AT_ONCE = 16,
};

/// What makes up for the uncertainty of the costs.
static const float LEAST_GAIN = 1.05f;

typedef struct {
  octet_winograd_task whole;
  size_t stretches, parts;
} winograd_run;

static size_t divide_up(size_t a, size_t b) {
  return (a + b - 1) / b;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

static size_t tiles_of(const octet_convolution_geometry *g) {
  return g->batch * divide_up(g->output[1], OCTET_WINOGRAD_OUTPUTS) * divide_up(g->output[2], OCTET_WINOGRAD_OUTPUTS);
}

bool octet_winograd_can(const octet_convolution_geometry *g) {
  bool fits = g->groups == 1 && g->group_inputs <= OCTET_WINOGRAD_MOST_CHANNELS;
  fits &= g->kernel[0] == 1 && g->input[0] == 1 && g->output[0] == 1 && g->pad[0] == 0;
  for (int axis = 1; axis < 3; axis++) {
    fits &= g->kernel[axis] == TAPS && g->stride[axis] == 1 && g->dilation[axis] == 1;
  }
  return fits;
}

/// Cycles of a core.
static float cycles_by_tiles(const octet_winograd_kernel *kernel, octet_winograd_format format,
                             const octet_convolution_geometry *g) {
  // Cycles per input channel of a tile's transform, and per byte of weights that come from memory while others are
  // used.
  const float transform = 4, memory = 0.08f;
  const octet_winograd_cost *cost = &kernel->cost;
  const float inputs = (float)g->group_inputs, tiles = (float)tiles_of(g);
  const float panels = (float)divide_up(g->group_outputs, OCTET_CHANNEL_UNIT);
  float cycles = tiles * (panels * (inputs * cost->tile_per_channel + cost->tile) + inputs * transform);
  if (format == OCTET_WINOGRAD_UNTRANSFORMED) {
    cycles += (float)divide_up(tiles_of(g), cost->untransformed_tiles) * panels * inputs * cost->untransformed;
  }
  const size_t bytes = octet_winograd_weight_bytes(format, g->group_inputs, g->group_outputs);
  return cycles + (bytes > LARGE_WEIGHTS ? memory * (float)bytes : 0);
}

octet_winograd_format octet_winograd_best_format(const octet_winograd_kernel *kernel,
                                                 const octet_convolution_geometry *g) {
  const float untransformed = cycles_by_tiles(kernel, OCTET_WINOGRAD_UNTRANSFORMED, g);
  return untransformed < cycles_by_tiles(kernel, kernel->format, g) ? OCTET_WINOGRAD_UNTRANSFORMED : kernel->format;
}

bool octet_winograd_pays(const octet_winograd_kernel *kernel, const octet_convolution_geometry *g) {
  const octet_winograd_cost *cost = &kernel->cost;
  const float pixels = (float)(g->batch * g->output[1] * g->output[2]);
  const float panels = (float)g->group_outputs / OCTET_CHANNEL_UNIT;
  const float direct = pixels * panels * ((float)g->group_inputs * cost->pixel_per_channel + cost->pixel);
  return octet_winograd_can(g) &&
         cycles_by_tiles(kernel, octet_winograd_best_format(kernel, g), g) * LEAST_GAIN < direct;
}

void octet_winograd_prepare(octet_winograd_plan *plan) {
  const octet_convolution_geometry *g = &plan->geometry;
  const size_t channels = divide_up(g->group_inputs, CHANNELS_AT_ONCE) * CHANNELS_AT_ONCE;
  const size_t tile_bytes = OCTET_WINOGRAD_POSITIONS * channels * sizeof(int16_t);
  plan->kind = octet_epilogue_kind_of(plan->epilogue, g->group_inputs * octet_tap_count(g));
  plan->tile_rows = divide_up(g->output[1], OCTET_WINOGRAD_OUTPUTS);
  plan->tile_columns = divide_up(g->output[2], OCTET_WINOGRAD_OUTPUTS);
  plan->panel_bytes = octet_winograd_weight_bytes(plan->format, g->group_inputs, OCTET_CHANNEL_UNIT);
  plan->tiles_at_once = smaller(OCTET_WINOGRAD_TILES, OCTET_WINOGRAD_BLOCK_BYTES / tile_bytes);
}

void octet_winograd_locate(const octet_winograd_task *task, size_t tile,
                           const uint8_t *pixels[OCTET_WINOGRAD_POSITIONS]) {
  const octet_winograd_plan *plan = task->plan;
  const octet_convolution_geometry *g = &plan->geometry;
  const size_t row = tile / plan->tile_columns, image = row / plan->tile_rows;
  const ptrdiff_t height = (ptrdiff_t)g->input[1], width = (ptrdiff_t)g->input[2];
  const ptrdiff_t top = (ptrdiff_t)(row % plan->tile_rows * OCTET_WINOGRAD_OUTPUTS) - g->pad[1];
  const ptrdiff_t left = (ptrdiff_t)(tile % plan->tile_columns * OCTET_WINOGRAD_OUTPUTS) - g->pad[2];
  const ptrdiff_t bottom = top + OCTET_WINOGRAD_INPUTS, right = left + OCTET_WINOGRAD_INPUTS;
  const ptrdiff_t first = (ptrdiff_t)image * height * width, step = (ptrdiff_t)plan->input_pixel_stride;
  const bool is_inside = top >= 0 && bottom <= height && left >= 0 && right <= width;
  for (ptrdiff_t y = top; y < bottom; y++) {
    for (ptrdiff_t x = left; x < right; x++) {
      const bool is_pixel = is_inside || (y >= 0 && y < height && x >= 0 && x < width);
      *pixels++ = is_pixel ? task->input + (first + y * width + x) * step : plan->padding;
    }
  }
}

octet_winograd_row octet_winograd_row_at(const octet_winograd_plan *plan, size_t first, size_t end) {
  const octet_convolution_geometry *g = &plan->geometry;
  const size_t row = first / plan->tile_columns, column = first % plan->tile_columns;
  const size_t image = row / plan->tile_rows, line = row % plan->tile_rows * OCTET_WINOGRAD_OUTPUTS;
  const size_t tiles = smaller(end - first, plan->tile_columns - column), left = column * OCTET_WINOGRAD_OUTPUTS;
  return (octet_winograd_row){.tiles = tiles,
                              .first_pixel = (image * g->output[1] + line) * g->output[2] + left,
                              .lines = smaller(OCTET_WINOGRAD_OUTPUTS, g->output[1] - line),
                              .line_pixels = smaller(tiles * OCTET_WINOGRAD_OUTPUTS, g->output[2] - left)};
}

/// Neighbouring tasks have the same panels.
static void run_task(void *context, size_t index, size_t worker) {
  (void)worker;
  const winograd_run *run = context;
  const size_t stretch = index % run->stretches, part = index / run->stretches;
  octet_winograd_task task = run->whole;
  task.first_tile = run->whole.end_tile * stretch / run->stretches;
  task.end_tile = run->whole.end_tile * (stretch + 1) / run->stretches;
  task.first_panel = run->whole.end_panel * part / run->parts;
  task.end_panel = run->whole.end_panel * (part + 1) / run->parts;
  task.plan->kernel->function(&task);
}

void octet_winograd_run(const octet_winograd_plan *plan, const uint8_t *input, const octet_epilogue_buffers *buffers,
                        octet_team *team) {
  const octet_convolution_geometry *g = &plan->geometry;
  winograd_run run = {.whole = {.plan = plan,
                                .input = input,
                                .buffers = buffers,
                                .end_tile = tiles_of(g),
                                .end_panel = divide_up(g->group_outputs, OCTET_CHANNEL_UNIT)}};
  const size_t tiles = run.whole.end_tile, panels = run.whole.end_panel;
  // At the best thirty-two products per cycle, and as many cycles again for the transforms of 48 channels.
  const size_t cycles = tiles * panels * OCTET_WINOGRAD_POSITIONS * (g->group_inputs + 48) / 2;
  const size_t tasks = octet_team_tasks(team, cycles, tiles * panels);
  run.stretches = smaller(tasks, divide_up(tiles, OCTET_WINOGRAD_TILES));
  run.parts = smaller(divide_up(tasks, run.stretches), panels);
  octet_team_run(team, run_task, &run, run.stretches * run.parts);
}
