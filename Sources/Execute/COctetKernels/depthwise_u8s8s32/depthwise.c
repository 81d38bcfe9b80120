/// The loop over lines of the output, blocks of channels, and stretches of pixels.
#include "octet_depthwise.h"

enum { QUAD = 4 };

typedef struct {
  const octet_depthwise_plan *plan;
  const uint8_t *input;
  const octet_epilogue_buffers *buffers;
  /// Lines that share their columns, groups of such lines in an image slice and in all, and blocks of channels.
  size_t lines_together, slice_groups, line_groups, blocks;
  /// Into how many tasks the groups and the blocks are split.
  size_t stretches, block_parts;
} depthwise_run;

/// How a line is cut so that its columns fit the space for them.
typedef struct {
  size_t outputs, taps;
} depthwise_stretch;

/// One block of channels of neighbouring lines of output pixels.
typedef struct {
  const depthwise_run *run;
  size_t block, first_line, line_count, image;
  /// Where the windows of the first line begin: depth and height.
  ptrdiff_t origin[2];
} depthwise_lines;

static size_t divide_up(size_t a, size_t b) {
  return (a + b - 1) / b;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

static size_t row_quads(const octet_convolution_geometry *g) {
  return divide_up(g->kernel[0] * g->kernel[1], QUAD);
}

/// Bytes of one quad's or pair of pairs' weights for a block of channels.
static size_t tap_bytes(const octet_depthwise_kernel *kernel) {
  return kernel->channels * (kernel->format == OCTET_WEIGHTS_PAIRS_S16 ? 8 : 4);
}

/// How many lines of outputs a quad of input rows serves: two, where the fourth row is the third of the line below.
static size_t lines_together(const octet_convolution_geometry *g) {
  const bool shares = g->kernel[0] == 1 && g->kernel[1] == QUAD - 1 && g->stride[1] == 1 && g->dilation[1] == 1;
  return shares ? OCTET_DEPTHWISE_LINES : 1;
}

/// Bytes of the weights of all blocks for one of the lines.
static size_t line_weight_bytes(const octet_convolution_geometry *g, const octet_depthwise_kernel *kernel) {
  return divide_up(g->groups, kernel->channels) * row_quads(g) * g->kernel[2] * tap_bytes(kernel);
}

size_t octet_depthwise_weight_bytes(const octet_convolution_geometry *g, const octet_depthwise_kernel *kernel) {
  return lines_together(g) * line_weight_bytes(g, kernel);
}

/// Packs the weights for a line whose first kernel row meets row `lead` of the quad.
static void pack_line(const octet_convolution_geometry *g, const octet_depthwise_kernel *kernel, size_t lead,
                      const int8_t *weights, uint8_t *packed) {
  const size_t rows = g->kernel[0] * g->kernel[1], width = g->kernel[2];
  for (size_t channel = 0; channel < g->groups; channel++) {
    for (size_t row = 0; row < rows; row++) {
      for (size_t column = 0; column < width; column++) {
        const size_t step = (channel / kernel->channels * row_quads(g) + (lead + row) / QUAD) * width + column;
        const size_t to =
            octet_packed_index(kernel->format, kernel->channels, step, channel % kernel->channels, (lead + row) % QUAD);
        octet_place_weight(kernel->format, packed, to, weights, (channel * rows + row) * width + column);
      }
    }
  }
}

void octet_depthwise_pack(const octet_convolution_geometry *g, const octet_depthwise_kernel *kernel,
                          const int8_t *weights, uint8_t *packed) {
  for (size_t line = 0; line < lines_together(g); line++) {
    pack_line(g, kernel, line, weights, packed + line * line_weight_bytes(g, kernel));
  }
}

void octet_depthwise_prepare(octet_depthwise_plan *plan) {
  const octet_epilogue_kind kind = octet_epilogue_kind_of(plan->epilogue, octet_tap_count(&plan->geometry));
  const bool is_direct = kind == OCTET_EPILOGUE_REQUANTIZE && !plan->placement;
  plan->kind = is_direct ? kind : OCTET_EPILOGUE_ANY;
}

/// The room for columns is for units of channels, each of which has the columns and some more.
static depthwise_stretch longest_stretch(const octet_depthwise_plan *plan, size_t units) {
  const octet_convolution_geometry *g = &plan->geometry;
  const size_t most = OCTET_DEPTHWISE_COLUMNS * OCTET_DEPTHWISE_CHANNELS / OCTET_CHANNEL_UNIT / units;
  const size_t reach = (g->kernel[2] - 1) * g->dilation[2] + 1;
  const bool fits = reach <= most;
  const size_t outputs = (most - (fits ? reach : 1)) / g->stride[2] + 1;
  const bool is_direct = plan->kind != OCTET_EPILOGUE_ANY && fits && row_quads(g) == 1;
  return (depthwise_stretch){.outputs = is_direct ? outputs : smaller(outputs, OCTET_DEPTHWISE_OUTPUTS),
                             .taps = fits ? g->kernel[2] : 1};
}

/// Fills in the four input rows that row quad `quad` of the kernel meets. Rows that have no weights repeat the first.
static void locate_rows(const depthwise_lines *lines, size_t quad, octet_depthwise_tile *tile) {
  const octet_depthwise_plan *plan = lines->run->plan;
  const octet_convolution_geometry *g = &plan->geometry;
  // The lines together see a kernel that is higher; of depth 1, if there are more than one.
  const size_t height = g->kernel[1] + lines->line_count - 1, rows = g->kernel[0] * height;
  for (size_t i = 0; i < QUAD; i++) {
    const size_t row = quad * QUAD + i < rows ? quad * QUAD + i : quad * QUAD,
                 slice = g->kernel[0] == 1 ? 0 : row / height;
    const ptrdiff_t z = lines->origin[0] + (ptrdiff_t)(slice * g->dilation[0]);
    const ptrdiff_t y = lines->origin[1] + (ptrdiff_t)((row - slice * height) * g->dilation[1]);
    if (z >= 0 && z < (ptrdiff_t)g->input[0] && y >= 0 && y < (ptrdiff_t)g->input[1]) {
      const size_t pixel = ((lines->image * g->input[0] + (size_t)z) * g->input[1] + (size_t)y) * g->input[2];
      tile->rows[i] = lines->run->input + pixel * plan->input_pixel_stride + lines->block * plan->kernel->channels;
      tile->row_steps[i] = plan->input_pixel_stride;
    } else {
      tile->rows[i] = plan->padding + lines->block * plan->kernel->channels;
      tile->row_steps[i] = 0;
    }
  }
}

/// Sums pixels [first, first + tile->outputs) of the lines, over all rows and columns of the kernel.
static void sum_stretch(const depthwise_lines *lines, size_t first, size_t taps_at_once, octet_depthwise_tile *tile) {
  const octet_depthwise_plan *plan = lines->run->plan;
  const octet_convolution_geometry *g = &plan->geometry;
  const size_t quads = row_quads(g);
  for (size_t quad = 0; quad < quads; quad++) {
    locate_rows(lines, quad, tile);
    for (size_t tap = 0; tap < g->kernel[2]; tap += tile->taps) {
      tile->taps = smaller(taps_at_once, g->kernel[2] - tap);
      tile->first_column = (ptrdiff_t)(first * g->stride[2] + tap * g->dilation[2]) - g->pad[2];
      tile->columns = (tile->outputs - 1) * g->stride[2] + (tile->taps - 1) * g->dilation[2] + 1;
      const bool is_last = quad + 1 == quads && tap + tile->taps == g->kernel[2];
      tile->kind = is_last ? plan->kind : OCTET_EPILOGUE_ANY;
      const size_t step = (lines->block * quads + quad) * g->kernel[2] + tap;
      for (size_t i = 0; i < lines->line_count; i++) {
        tile->lines[i].weights =
            plan->weights + i * line_weight_bytes(g, plan->kernel) + step * tap_bytes(plan->kernel);
      }
      tile->continues = quad > 0 || tap > 0;
      plan->kernel->function(tile);
    }
  }
}

/// Hands the sums of `outputs` pixels of one line from pixel `pixel` on to the epilogue.
static void finish_sums(const depthwise_lines *lines, const int32_t *sums, size_t pixel, size_t outputs,
                        size_t channels) {
  const octet_depthwise_plan *plan = lines->run->plan;
  const octet_epilogue_tile tile = {.sums = sums,
                                    .sums_are_integers = true,
                                    .rows = outputs,
                                    .row_stride = plan->kernel->channels,
                                    .first_pixel = pixel,
                                    .first_channel = lines->block * plan->kernel->channels,
                                    .channels = channels,
                                    .buffers = lines->run->buffers,
                                    .strides = &plan->strides};
  octet_epilogue_finish(plan->finish, plan->epilogue, &tile, plan->placement);
}

static void run_lines(const depthwise_lines *lines) {
  const octet_depthwise_plan *plan = lines->run->plan;
  const octet_convolution_geometry *g = &plan->geometry;
  const size_t first_channel = lines->block * plan->kernel->channels, width = g->output[2];
  const size_t channels = smaller(g->groups - first_channel, plan->kernel->channels);
  _Alignas(64) uint8_t woven[OCTET_DEPTHWISE_WOVEN_BYTES];
  _Alignas(64) int32_t sums[OCTET_DEPTHWISE_LINES][OCTET_DEPTHWISE_OUTPUTS * OCTET_DEPTHWISE_CHANNELS];
  const size_t units = divide_up(channels, OCTET_CHANNEL_UNIT);
  const depthwise_stretch longest = longest_stretch(plan, units);
  const size_t stretches = divide_up(width, longest.outputs);
  octet_depthwise_tile tile = {.padding = plan->padding + first_channel,
                               .width = g->input[2],
                               .output_step = g->stride[2],
                               .tap_step = g->dilation[2],
                               .units = units,
                               .woven = woven,
                               .unit_step = OCTET_DEPTHWISE_WOVEN_BYTES / 64 / units * 64,
                               .line_count = lines->line_count};
  for (size_t stretch = 0; stretch < stretches; stretch++) {
    const size_t first = width * stretch / stretches;
    tile.outputs = width * (stretch + 1) / stretches - first;
    for (size_t i = 0; i < lines->line_count; i++) {
      const size_t pixel = (lines->first_line + i) * width + first;
      tile.lines[i] = (octet_depthwise_line){.initial = plan->initial + first_channel, .sums = sums[i]};
      if (plan->kind != OCTET_EPILOGUE_ANY) {
        tile.lines[i].direct = octet_direct_rows_make(plan->epilogue, plan->kind, lines->run->buffers, &plan->strides,
                                                      pixel, first_channel, channels);
      }
    }
    sum_stretch(lines, first, longest.taps, &tile);
    for (size_t i = 0; plan->kind == OCTET_EPILOGUE_ANY && i < lines->line_count; i++) {
      finish_sums(lines, sums[i], (lines->first_line + i) * width + first, tile.outputs, channels);
    }
  }
}

/// Neighbouring lines that share their columns, and all of their blocks of channels first ..< end.
static void run_line_group(const depthwise_run *run, size_t group, size_t first_block, size_t end_block) {
  const octet_convolution_geometry *g = &run->plan->geometry;
  const size_t slice = group / run->slice_groups, height = group % run->slice_groups * run->lines_together;
  depthwise_lines lines = {.run = run,
                           .first_line = slice * g->output[1] + height,
                           .line_count = smaller(run->lines_together, g->output[1] - height),
                           .image = slice / g->output[0],
                           .origin = {(ptrdiff_t)(slice % g->output[0] * g->stride[0]) - g->pad[0],
                                      (ptrdiff_t)(height * g->stride[1]) - g->pad[1]}};
  for (lines.block = first_block; lines.block < end_block; lines.block++) {
    run_lines(&lines);
  }
}

/// A task is a stretch of line groups, or some blocks of them where they are few.
static void run_task(void *context, size_t task, size_t worker) {
  (void)worker;
  const depthwise_run *run = context;
  const size_t part = task % run->block_parts, stretch = task / run->block_parts;
  const size_t first_block = run->blocks * part / run->block_parts;
  const size_t end_block = run->blocks * (part + 1) / run->block_parts;
  const size_t end = run->line_groups * (stretch + 1) / run->stretches;
  for (size_t group = run->line_groups * stretch / run->stretches; group < end; group++) {
    run_line_group(run, group, first_block, end_block);
  }
}

void octet_depthwise_run(const octet_depthwise_plan *plan, const uint8_t *input, const octet_epilogue_buffers *buffers,
                         octet_team *team) {
  const octet_convolution_geometry *g = &plan->geometry;
  depthwise_run run = {.plan = plan, .input = input, .buffers = buffers, .lines_together = lines_together(g)};
  run.slice_groups = divide_up(g->output[1], run.lines_together);
  run.line_groups = g->batch * g->output[0] * run.slice_groups;
  run.blocks = divide_up(g->groups, plan->kernel->channels);
  // About half a cycle for each output of a small kernel.
  const size_t outputs = g->batch * g->output[0] * g->output[1] * g->output[2] * g->groups;
  const size_t cycles = outputs / 2 + outputs * g->kernel[0] * g->kernel[1] * g->kernel[2] / 32;
  const size_t tasks = octet_team_tasks(team, cycles, run.line_groups * run.blocks);
  run.stretches = smaller(tasks, run.line_groups);
  run.block_parts = smaller(divide_up(tasks, run.stretches), run.blocks);
  octet_team_run(team, run_task, &run, run.stretches * run.block_parts);
}
