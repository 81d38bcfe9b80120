/// The tasks of a convolution, of u8 or f32.
///
/// A task is one panel of output channels, or a few, over a stretch of output pixels. The weights stay in a cache while
/// the tiles of the stretch go by; the input streams past at a few bytes per cycle, whatever cache it comes from.
#include "octet_convolution.h"

#include "convolution/border.h"
#include "convolution/slice.h"

enum {
  /// So many pixels of a thread take longer than their weights from beyond the second cache.
  MANY_PIXELS = 60,
  /// The most bytes of weights that a kernel takes at once: a part of the second cache.
  MOST_SLICE_BYTES = 384 * 1024,
};

typedef struct {
  const octet_convolution_plan *plan;
  const uint8_t *input;
  const octet_epilogue_buffers *buffers;
  size_t pixels;
  /// Into how many slices of neighbouring panels a group is split, and all groups together.
  size_t group_slices, slices;
  /// Into how many stretches of pixels each slice is split, and whether a thread keeps to a stretch, or to a slice.
  size_t chunks;
  bool has_large_tensors;
} convolution_run;

static size_t divide_up(size_t a, size_t b) {
  return (a + b - 1) / b;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

static size_t first_panel_of(const convolution_run *run, size_t slice) {
  return run->plan->layout.panel_count * (slice % run->group_slices) / run->group_slices;
}

static size_t end_panel_of(const convolution_run *run, size_t slice) {
  return run->plan->layout.panel_count * (slice % run->group_slices + 1) / run->group_slices;
}

static const uint8_t *weights_of(const convolution_run *run, size_t slice) {
  const octet_convolution_plan *plan = run->plan;
  return plan->weights + slice / run->group_slices * plan->group_steps.weight_bytes +
         plan->panels[first_panel_of(run, slice)].weight_offset;
}

static size_t weight_bytes_of(const convolution_run *run, size_t slice) {
  const octet_convolution_panel *first = &run->plan->panels[first_panel_of(run, slice)];
  const octet_convolution_panel *last = &run->plan->panels[end_panel_of(run, slice) - 1];
  return last->weight_offset - first->weight_offset + octet_panel_bytes(&run->plan->layout, last->kernel);
}

/// The slice of a task. Each thread takes neighbouring tasks, octet_team_run: the same stretch of pixels where tensors
/// are what is large, the same slice where weights are.
static size_t slice_of(const convolution_run *run, size_t task) {
  return run->has_large_tensors ? task % run->slices : task / run->chunks;
}

/// A slice, without weights to be fetched for another.
static octet_convolution_slice make_slice(const convolution_run *run, size_t index) {
  const size_t group = index / run->group_slices;
  const size_t first = first_panel_of(run, index), end = end_panel_of(run, index);
  const octet_convolution_panel *panels = run->plan->panels, *last = &panels[end - 1];
  return (octet_convolution_slice){.plan = run->plan,
                                   .panel = &panels[first],
                                   .panel_count = end - first,
                                   .channels = last->first_channel + last->channels - panels[first].first_channel,
                                   .group = group,
                                   .input = run->input + group * run->plan->group_steps.input_bytes,
                                   .buffers = run->buffers};
}

static void run_task(void *context, size_t task, size_t worker) {
  const convolution_run *run = context;
  const size_t slice_index = slice_of(run, task);
  const size_t chunk = run->has_large_tensors ? task / run->slices : task % run->chunks;
  const size_t next_task = octet_team_next_task(task, worker);
  const size_t next = next_task < run->slices * run->chunks ? slice_of(run, next_task) : slice_index;
  octet_convolution_slice slice = make_slice(run, slice_index);
  if (next != slice_index) {
    slice.next_weights = weights_of(run, next);
    slice.next_weight_bytes = weight_bytes_of(run, next);
  }
  slice.panel->kernel->function(&slice, run->pixels * chunk / run->chunks, run->pixels * (chunk + 1) / run->chunks);
}

/// How many panels a kernel takes at once. Those that multiply pairs rearrange a tile's inputs for all of them, but
/// every tile should find the weights in the second cache.
static size_t panels_at_once(const octet_convolution_plan *plan) {
  const octet_dot_kernel *kernel = plan->panels[0].kernel;
  if (kernel->format != OCTET_WEIGHTS_PAIRS_S16) {
    return 1;
  }
  // Without input channels there are no weights.
  const size_t bytes = octet_panel_bytes(&plan->layout, kernel),
               fitting = bytes > 0 ? MOST_SLICE_BYTES / bytes : SIZE_MAX;
  return smaller(OCTET_TILE_SUMS / (kernel->rows * kernel->channels), fitting > 0 ? fitting : 1);
}

static size_t group_slices_of(const octet_convolution_plan *plan) {
  return divide_up(plan->layout.panel_count, panels_at_once(plan));
}

/// Decides what is large, and into how many stretches of pixels each slice is split.
///
/// What is larger is read by one thread alone where it can be: with more weights than tensors, threads take different
/// panels; otherwise each takes its part of the pixels, which it often finds in its own cache. With so many pixels that
/// weights are used often enough to be fetched ahead, only that counts.
static void split(convolution_run *run, const octet_team *team) {
  const octet_weight_layout *layout = &run->plan->layout;
  const size_t inputs = layout->group_inputs * layout->groups, outputs = layout->group_channels * layout->groups;
  // What the sums and what the epilogue take at the best.
  const size_t cycles = run->pixels * (layout->group_bytes * layout->groups / 64 + outputs / 2);
  const size_t most = divide_up(run->pixels, run->plan->panels[0].kernel->rows);
  const size_t tasks = octet_team_tasks(team, cycles, most * run->slices);
  const size_t threads = octet_team_threads(team), chunks = divide_up(tasks, run->slices);
  run->has_large_tensors =
      run->pixels >= MANY_PIXELS * threads || run->pixels * (inputs + outputs) > layout->group_bytes * layout->groups;
  // As many for one thread as for another.
  const size_t even = run->has_large_tensors && tasks > 1 ? divide_up(chunks, threads) * threads : chunks;
  run->chunks = smaller(even, most);
}

void octet_convolution_run(const octet_convolution_plan *plan, const uint8_t *input,
                           const octet_epilogue_buffers *buffers, uint8_t *scratch, octet_team *team) {
  const octet_convolution_geometry *g = &plan->geometry;
  const size_t group_slices = group_slices_of(plan);
  convolution_run run = {.plan = plan,
                         .input = octet_border_add(plan, input, scratch),
                         .buffers = buffers,
                         .pixels = g->batch * g->output[0] * g->output[1] * g->output[2],
                         .group_slices = group_slices,
                         .slices = g->groups * group_slices};
  split(&run, team);
  octet_team_run(team, run_task, &run, run.slices * run.chunks);
}

void octet_convolution_run_pixels(const octet_convolution_plan *plan, const uint8_t *input,
                                  const octet_epilogue_buffers *buffers, size_t pixels) {
  const convolution_run run = {.plan = plan, .input = input, .buffers = buffers, .group_slices = group_slices_of(plan)};
  for (size_t index = 0; index < run.group_slices; index++) {
    const octet_convolution_slice slice = make_slice(&run, index);
    slice.panel->kernel->function(&slice, 0, pixels);
  }
}
