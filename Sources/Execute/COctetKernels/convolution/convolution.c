/// The tasks of a convolution, of u8 or f32.
///
/// A task is one panel of output channels, or a few, over a stretch of output pixels. The weights stay in a cache while
/// the tiles of the stretch go by; the input streams past at a few bytes per cycle, whatever cache it comes from.
#include "octet_convolution.h"

#include "convolution/border.h"
#include "convolution/slice.h"

typedef struct {
  const octet_convolution_plan *plan;
  const uint8_t *input;
  const octet_epilogue_buffers *buffers;
  /// Into how many slices of neighbouring panels a group is split, pixels, and stretches of them.
  size_t slices, pixels, chunks;
} convolution_run;

static size_t divide_up(size_t a, size_t b) {
  return (a + b - 1) / b;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/// Tasks are numbered with the stretch of pixels fastest, so that workers who run together share a panel.
static void run_task(void *context, size_t task, size_t worker) {
  (void)worker;
  const convolution_run *run = context;
  const octet_weight_layout *layout = &run->plan->layout;
  const size_t chunk = task % run->chunks, index = task / run->chunks % run->slices;
  const size_t group = task / run->chunks / run->slices;
  const size_t first = layout->panel_count * index / run->slices, end = layout->panel_count * (index + 1) / run->slices;
  const octet_convolution_panel *panels = run->plan->panels, *last = &panels[end - 1];
  const octet_convolution_slice slice = {.plan = run->plan,
                                         .panel = &panels[first],
                                         .panel_count = end - first,
                                         .channels = last->first_channel + last->channels - panels[first].first_channel,
                                         .group = group,
                                         .input = run->input + group * run->plan->group_steps.input_bytes,
                                         .buffers = run->buffers};
  slice.panel->kernel->function(&slice, run->pixels * chunk / run->chunks, run->pixels * (chunk + 1) / run->chunks);
}

/// How many panels a kernel takes at once. Those that multiply pairs rearrange a tile's inputs for all of them.
static size_t panels_at_once(const octet_dot_kernel *kernel) {
  return kernel->format == OCTET_WEIGHTS_PAIRS_S16 ? OCTET_TILE_SUMS / (kernel->rows * kernel->channels) : 1;
}

/// Into how many stretches of pixels each slice is split.
///
/// What is larger is read by one thread alone where it can be: with more weights than tensors, threads take different
/// panels; otherwise each takes its part of the pixels, which it often finds in its own cache.
static size_t chunks_of(const octet_convolution_plan *plan, size_t pixels, size_t slices, const octet_team *team) {
  const octet_weight_layout *layout = &plan->layout;
  const size_t inputs = layout->group_inputs * layout->groups, outputs = layout->group_channels * layout->groups;
  // What the sums and what the epilogue take at the best.
  const size_t cycles = pixels * (layout->group_bytes * layout->groups / 64 + outputs / 2);
  const size_t most = divide_up(pixels, plan->panels[0].kernel->rows);
  const size_t tasks = octet_team_tasks(team, cycles, most * slices);
  const bool has_large_tensors = pixels * (inputs + outputs) > layout->group_bytes * layout->groups;
  const size_t chunks = divide_up(tasks, slices), threads = octet_team_threads(team);
  return smaller(has_large_tensors && tasks > 1 && chunks < threads ? threads : chunks, most);
}

void octet_convolution_run(const octet_convolution_plan *plan, const uint8_t *input,
                           const octet_epilogue_buffers *buffers, uint8_t *scratch, octet_team *team) {
  const octet_convolution_geometry *g = &plan->geometry;
  convolution_run run = {.plan = plan, .input = octet_border_add(plan, input, scratch), .buffers = buffers};
  run.pixels = g->batch * g->output[0] * g->output[1] * g->output[2];
  run.slices = divide_up(plan->layout.panel_count, panels_at_once(plan->panels[0].kernel));
  run.chunks = chunks_of(plan, run.pixels, g->groups * run.slices, team);
  octet_team_run(team, run_task, &run, g->groups * run.slices * run.chunks);
}
