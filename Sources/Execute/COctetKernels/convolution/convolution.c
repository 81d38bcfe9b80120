/// The tasks of a convolution, of u8 or f32.
///
/// A task is one panel of output channels over a stretch of output pixels. The panel's weights stay in a cache while
/// the tiles of the stretch go by; the input streams past at a few bytes per cycle, whatever cache it comes from.
#include "octet_convolution.h"

#include "convolution/slice.h"

/// How many tasks each thread should get, so that all finish at nearly the same time.
enum { TASKS_PER_THREAD = 4 };

typedef struct {
  const octet_convolution_plan *plan;
  const uint8_t *input;
  const octet_epilogue_buffers *buffers;
  size_t pixels, chunks;
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
  const size_t chunk = task % run->chunks, slice_index = task / run->chunks;
  const size_t group = slice_index / layout->panel_count;
  const octet_convolution_slice slice = {.plan = run->plan,
                                         .panel = &run->plan->panels[slice_index % layout->panel_count],
                                         .group = group,
                                         .input = run->input + group * run->plan->group_steps.input_bytes,
                                         .buffers = run->buffers};
  slice.panel->kernel->function(&slice, run->pixels * chunk / run->chunks, run->pixels * (chunk + 1) / run->chunks);
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
