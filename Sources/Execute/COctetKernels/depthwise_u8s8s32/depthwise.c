/// The loop over lines of the output, blocks of channels, and stretches of pixels.
#include "octet_depthwise.h"

enum { QUAD = 4, TASKS_PER_THREAD = 4 };

typedef struct {
  const octet_depthwise_plan *plan;
  const uint8_t *input;
  const octet_epilogue_buffers *buffers;
  size_t lines, blocks, block_groups;
} depthwise_run;

/// How a line is cut so that its columns fit the space for them.
typedef struct {
  size_t outputs, taps;
} depthwise_stretch;

/// One block of channels of one line of output pixels.
typedef struct {
  const depthwise_run *run;
  size_t block, line, image;
  /// Where the windows of the line begin: depth and height.
  ptrdiff_t origin[2];
} depthwise_line;

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

size_t octet_depthwise_weight_bytes(const octet_convolution_geometry *g, const octet_depthwise_kernel *kernel) {
  return divide_up(g->groups, kernel->channels) * row_quads(g) * g->kernel[2] * tap_bytes(kernel);
}

void octet_depthwise_pack(const octet_convolution_geometry *g, const octet_depthwise_kernel *kernel,
                          const int8_t *weights, uint8_t *packed) {
  const size_t rows = g->kernel[0] * g->kernel[1], width = g->kernel[2];
  for (size_t channel = 0; channel < g->groups; channel++) {
    for (size_t row = 0; row < rows; row++) {
      for (size_t column = 0; column < width; column++) {
        const size_t step = (channel / kernel->channels * row_quads(g) + row / QUAD) * width + column;
        const size_t to =
            octet_packed_index(kernel->format, kernel->channels, step, channel % kernel->channels, row % QUAD);
        octet_place_weight(kernel->format, packed, to, weights, (channel * rows + row) * width + column);
      }
    }
  }
}

static depthwise_stretch longest_stretch(const octet_convolution_geometry *g) {
  const size_t reach = (g->kernel[2] - 1) * g->dilation[2] + 1;
  const bool fits = reach <= OCTET_DEPTHWISE_COLUMNS;
  const size_t columns_left = OCTET_DEPTHWISE_COLUMNS - (fits ? reach : 1);
  return (depthwise_stretch){.outputs = smaller(columns_left / g->stride[2] + 1, OCTET_DEPTHWISE_OUTPUTS),
                             .taps = fits ? g->kernel[2] : 1};
}

/// Fills in the four input rows that row quad `quad` of the kernel meets.
static void locate_rows(const depthwise_line *line, size_t quad, octet_depthwise_tile *tile) {
  const octet_depthwise_plan *plan = line->run->plan;
  const octet_convolution_geometry *g = &plan->geometry;
  for (size_t i = 0; i < QUAD; i++) {
    const size_t row = quad * QUAD + i;
    const ptrdiff_t depth = line->origin[0] + (ptrdiff_t)(row / g->kernel[1] * g->dilation[0]);
    const ptrdiff_t height = line->origin[1] + (ptrdiff_t)(row % g->kernel[1] * g->dilation[1]);
    const bool inside = row < g->kernel[0] * g->kernel[1] && depth >= 0 && depth < (ptrdiff_t)g->input[0] &&
                        height >= 0 && height < (ptrdiff_t)g->input[1];
    if (inside) {
      const size_t pixel = ((line->image * g->input[0] + (size_t)depth) * g->input[1] + (size_t)height) * g->input[2];
      tile->rows[i] = line->run->input + pixel * plan->input_pixel_stride + line->block * plan->kernel->channels;
      tile->row_steps[i] = plan->input_pixel_stride;
    } else {
      tile->rows[i] = plan->padding + line->block * plan->kernel->channels;
      tile->row_steps[i] = 0;
    }
  }
}

/// Sums `outputs` pixels of a line from `first` on, over all rows and columns of the kernel.
static void sum_stretch(const depthwise_line *line, size_t first, size_t outputs, size_t taps_at_once, uint8_t *woven,
                        int32_t *sums) {
  const octet_depthwise_plan *plan = line->run->plan;
  const octet_convolution_geometry *g = &plan->geometry;
  const size_t channel = line->block * plan->kernel->channels, quads = row_quads(g);
  octet_depthwise_tile tile = {
      .padding = plan->padding + channel,
      .width = g->input[2],
      .outputs = outputs,
      .output_step = g->stride[2],
      .tap_step = g->dilation[2],
      .units = divide_up(smaller(g->groups - channel, plan->kernel->channels), OCTET_CHANNEL_UNIT),
      .initial = plan->initial + channel,
      .initial_row_stride = 0,
      .sums = sums,
      .woven = woven,
  };
  for (size_t quad = 0; quad < quads; quad++) {
    locate_rows(line, quad, &tile);
    for (size_t tap = 0; tap < g->kernel[2]; tap += tile.taps) {
      tile.taps = smaller(taps_at_once, g->kernel[2] - tap);
      tile.first_column = (ptrdiff_t)(first * g->stride[2] + tap * g->dilation[2]) - g->pad[2];
      tile.columns = (outputs - 1) * g->stride[2] + (tile.taps - 1) * g->dilation[2] + 1;
      tile.weights = plan->weights + ((line->block * quads + quad) * g->kernel[2] + tap) * tap_bytes(plan->kernel);
      plan->kernel->function(&tile);
      tile.initial = sums;
      tile.initial_row_stride = plan->kernel->channels;
    }
  }
}

static void run_line(const depthwise_line *line) {
  const octet_depthwise_plan *plan = line->run->plan;
  const octet_convolution_geometry *g = &plan->geometry;
  const size_t channel = line->block * plan->kernel->channels, width = g->output[2];
  _Alignas(64) uint8_t woven[OCTET_DEPTHWISE_COLUMNS * OCTET_DEPTHWISE_CHANNELS * QUAD];
  _Alignas(64) int32_t sums[OCTET_DEPTHWISE_OUTPUTS * OCTET_DEPTHWISE_CHANNELS];
  const depthwise_stretch longest = longest_stretch(g);
  const size_t stretches = divide_up(width, longest.outputs);
  for (size_t stretch = 0; stretch < stretches; stretch++) {
    const size_t first = width * stretch / stretches, outputs = width * (stretch + 1) / stretches - first;
    sum_stretch(line, first, outputs, longest.taps, woven, sums);
    const octet_epilogue_tile tile = {.sums = sums,
                                      .sums_are_integers = true,
                                      .rows = outputs,
                                      .row_stride = plan->kernel->channels,
                                      .first_pixel = line->line * width + first,
                                      .first_channel = channel,
                                      .channels = smaller(g->groups - channel, plan->kernel->channels),
                                      .buffers = line->run->buffers,
                                      .strides = &plan->strides};
    octet_epilogue_finish(plan->finish, plan->epilogue, &tile, plan->placement);
  }
}

/// A task is a line, or some of its blocks where lines are few.
static void run_task(void *context, size_t task, size_t worker) {
  (void)worker;
  const depthwise_run *run = context;
  const octet_convolution_geometry *g = &run->plan->geometry;
  const size_t group = task % run->block_groups, number = task / run->block_groups;
  const size_t height = number % g->output[1], depth = number / g->output[1] % g->output[0];
  depthwise_line line = {
      .run = run,
      .line = number,
      .image = number / g->output[1] / g->output[0],
      .origin = {(ptrdiff_t)(depth * g->stride[0]) - g->pad[0], (ptrdiff_t)(height * g->stride[1]) - g->pad[1]}};
  const size_t end = run->blocks * (group + 1) / run->block_groups;
  for (line.block = run->blocks * group / run->block_groups; line.block < end; line.block++) {
    run_line(&line);
  }
}

void octet_depthwise_run(const octet_depthwise_plan *plan, const uint8_t *input, const octet_epilogue_buffers *buffers,
                         octet_team *team) {
  const octet_convolution_geometry *g = &plan->geometry;
  depthwise_run run = {.plan = plan, .input = input, .buffers = buffers};
  run.lines = g->batch * g->output[0] * g->output[1];
  run.blocks = divide_up(g->groups, plan->kernel->channels);
  const size_t threads = octet_team_threads(team);
  run.block_groups = threads > 1 ? smaller(divide_up(threads * TASKS_PER_THREAD, run.lines), run.blocks) : 1;
  octet_team_run(team, run_task, &run, run.lines * run.block_groups);
}
