/// The loop over tiles, shared by the u8 and the f32 convolution.
///
/// A task is one panel of output channels over a stretch of output pixels. The panel's weights stay in a cache while
/// the tiles of the stretch go by; the input streams past at a few bytes per cycle, whatever cache it comes from.
#include "octet_convolution.h"

#include "convolution/windows.h"

/// How many tasks each thread should get, so that all finish at nearly the same time.
enum { TASKS_PER_THREAD = 4 };

typedef struct {
  const octet_convolution_plan *plan;
  const uint8_t *input;
  const octet_epilogue_buffers *buffers;
  size_t pixels, chunks;
} convolution_run;

typedef struct {
  const convolution_run *run;
  const octet_convolution_panel *panel;
  size_t group;
} convolution_slice;

static size_t divide_up(size_t a, size_t b) {
  return (a + b - 1) / b;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/// Adds the outliers of runs first_run ..< first_run + tile->runs, and gives the next.
static const octet_outlier *add_outliers(const octet_dot_tile *tile, size_t first_run, size_t channels,
                                         const octet_outlier *outlier, const octet_outlier *end) {
  int32_t *sums = tile->sums;
  for (; outlier < end && outlier->run < first_run + tile->runs; outlier++) {
    for (size_t row = 0; row < tile->rows; row++) {
      const uint8_t input = tile->inputs[row][outlier->run - first_run][outlier->element];
      sums[row * channels + outlier->channel] += input * outlier->weight;
    }
  }
  return outlier;
}

/// Starts the sums of a tile from those of its channels and those of its pixels together.
static void start_sums(const convolution_slice *slice, size_t first_pixel, octet_dot_tile *tile) {
  const octet_convolution_plan *plan = slice->run->plan;
  const size_t channels = slice->panel->kernel->channels;
  const int32_t *of_pixels = plan->pixel_initial + slice->group * plan->group_steps.initial_pixels + first_pixel;
  const int32_t *of_channels = tile->initial;
  int32_t *sums = tile->sums;
  for (size_t row = 0; row < tile->rows; row++) {
    for (size_t channel = 0; channel < channels; channel++) {
      sums[row * channels + channel] = of_channels[channel] + of_pixels[row];
    }
  }
  tile->initial = sums;
  tile->initial_row_stride = channels;
}

/// sums = initial + Σ over all runs, a few runs at a time.
static void sum_tile(const convolution_slice *slice, size_t first_pixel, size_t rows, void *sums) {
  const octet_convolution_plan *plan = slice->run->plan;
  const octet_weight_layout *layout = &plan->layout;
  const octet_dot_kernel *kernel = slice->panel->kernel;
  const uint8_t *input = slice->run->input + slice->group * plan->group_steps.input_bytes;
  const uint8_t *weights = plan->weights + slice->group * plan->group_steps.weight_bytes + slice->panel->weight_offset;
  const size_t run_bytes = layout->group_bytes / layout->group_channels * kernel->channels / layout->runs;
  const size_t initial_channel = slice->group * plan->group_steps.initial_channels + slice->panel->initial_offset;
  const size_t panel = slice->group * layout->panel_count + (size_t)(slice->panel - plan->panels);
  const octet_outlier *outlier = plan->outliers ? plan->outliers + plan->outlier_starts[panel] : NULL;
  const octet_outlier *outliers_end = plan->outliers ? plan->outliers + plan->outlier_starts[panel + 1] : NULL;
  octet_windows windows;
  octet_dot_tile tile = {.rows = rows,
                         .steps = layout->steps,
                         .inputs = windows.pointers,
                         .initial = (const uint8_t *)plan->initial + initial_channel * sizeof(int32_t),
                         .initial_row_stride = 0,
                         .sums = sums};
  if (plan->pixel_initial) {
    start_sums(slice, first_pixel, &tile);
  }
  const size_t calls = divide_up(layout->runs, OCTET_RUNS_AT_ONCE);
  for (size_t call = 0, first_run = 0; call < calls; call++, first_run += tile.runs) {
    tile.runs = layout->runs * (call + 1) / calls - first_run;
    tile.weights = weights + first_run * run_bytes;
    octet_locate_windows(plan, input, first_pixel, rows, first_run, tile.runs, &windows);
    kernel->function(&tile);
    outlier = add_outliers(&tile, first_run, kernel->channels, outlier, outliers_end);
    tile.initial = sums;
    tile.initial_row_stride = kernel->channels;
  }
}

static void finish_tile(const convolution_slice *slice, size_t first_pixel, size_t rows, const void *sums) {
  const octet_convolution_plan *plan = slice->run->plan;
  const octet_epilogue_tile tile = {.sums = sums,
                                    .sums_are_integers = plan->layout.format != OCTET_WEIGHTS_F32,
                                    .rows = rows,
                                    .row_stride = slice->panel->kernel->channels,
                                    .first_pixel = slice->group * plan->group_steps.output_pixels + first_pixel,
                                    .first_channel =
                                        slice->group * plan->group_steps.output_channels + slice->panel->first_channel,
                                    .channels = slice->panel->channels,
                                    .buffers = slice->run->buffers,
                                    .strides = &plan->strides};
  octet_epilogue_finish(plan->finish, plan->epilogue, &tile, plan->placement);
}

static void run_slice(const convolution_slice *slice, size_t first_pixel, size_t end_pixel) {
  _Alignas(64) int32_t sums[OCTET_TILE_SUMS];
  const size_t tiles = divide_up(end_pixel - first_pixel, slice->panel->kernel->rows);
  for (size_t tile = 0, pixel = first_pixel; tile < tiles; tile++) {
    const size_t next = first_pixel + (end_pixel - first_pixel) * (tile + 1) / tiles;
    sum_tile(slice, pixel, next - pixel, sums);
    finish_tile(slice, pixel, next - pixel, sums);
    pixel = next;
  }
}

/// Tasks are numbered with the stretch of pixels fastest, so that workers who run together share a panel.
static void run_task(void *context, size_t task, size_t worker) {
  (void)worker;
  const convolution_run *run = context;
  const octet_weight_layout *layout = &run->plan->layout;
  const size_t chunk = task % run->chunks, slice_index = task / run->chunks;
  const convolution_slice slice = {.run = run,
                                   .panel = &run->plan->panels[slice_index % layout->panel_count],
                                   .group = slice_index / layout->panel_count};
  run_slice(&slice, run->pixels * chunk / run->chunks, run->pixels * (chunk + 1) / run->chunks);
}

void octet_convolution_run(const octet_convolution_plan *plan, const uint8_t *input,
                           const octet_epilogue_buffers *buffers, octet_team *team) {
  const octet_convolution_geometry *g = &plan->geometry;
  convolution_run run = {.plan = plan, .input = input, .buffers = buffers};
  run.pixels = g->batch * g->output[0] * g->output[1] * g->output[2];
  const size_t slices = g->groups * plan->layout.panel_count, threads = octet_team_threads(team);
  const size_t wanted = threads > 1 ? divide_up(threads * TASKS_PER_THREAD, slices) : 1;
  const size_t most = divide_up(run.pixels, plan->panels[0].kernel->rows);
  run.chunks = smaller(wanted, most);
  octet_team_run(team, run_task, &run, slices * run.chunks);
}
