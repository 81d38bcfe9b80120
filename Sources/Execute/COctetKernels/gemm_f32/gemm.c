#include "octet_gemm.h"

/// Rows of a left side that are transposed together, a cache line of them.
enum { TRANSPOSED_ROWS = 16, SCRATCH_ALIGNMENT = 64 };

typedef struct {
  const octet_gemm_plan *plan;
  const float *left, *right;
  uint8_t *packed_right;
  float *rows_of_left;
} gemm_run;

static size_t round_up(size_t value, size_t unit) {
  return (value + unit - 1) / unit * unit;
}

/// How many matrices of a side there are.
static size_t right_count(const octet_gemm_shape *shape) {
  return shape->right_step ? shape->batch : 1;
}
static size_t left_count(const octet_gemm_shape *shape) {
  return shape->left_step ? shape->batch : 1;
}

static size_t packed_right_bytes(const octet_gemm_plan *plan) {
  return round_up(right_count(&plan->shape) * plan->convolution.layout.group_bytes, SCRATCH_ALIGNMENT);
}

size_t octet_gemm_scratch_bytes(const octet_gemm_plan *plan) {
  const octet_gemm_shape *shape = &plan->shape;
  const size_t left = shape->left_is_transposed ? left_count(shape) * shape->rows * shape->inner * sizeof(float) : 0;
  return packed_right_bytes(plan) + left;
}

octet_convolution_geometry octet_gemm_geometry(const octet_gemm_shape *shape) {
  return (octet_convolution_geometry){.batch = 1,
                                      .groups = shape->batch,
                                      .group_inputs = shape->inner,
                                      .group_outputs = shape->columns,
                                      .input = {1, 1, shape->rows},
                                      .kernel = {1, 1, 1},
                                      .stride = {1, 1, 1},
                                      .dilation = {1, 1, 1},
                                      .output = {1, 1, shape->rows}};
}

void octet_gemm_prepare(octet_gemm_plan *plan, octet_run_step *run_step) {
  const octet_gemm_shape *shape = &plan->shape;
  octet_convolution_plan *convolution = &plan->convolution;
  convolution->geometry = octet_gemm_geometry(shape);
  convolution->element_bytes = sizeof(float);
  convolution->input_pixel_stride = shape->inner * sizeof(float);
  octet_convolution_prepare(convolution, run_step);
  // Transposed left sides stand one behind the other in the scratch.
  const bool is_copied = shape->left_is_transposed && shape->left_step != 0;
  convolution->group_steps = (octet_group_steps){
      .input_bytes = (is_copied ? shape->rows * shape->inner : shape->left_step) * sizeof(float),
      .weight_bytes = shape->right_step ? convolution->layout.group_bytes : 0,
      .initial_channels = 0,
      .output_pixels = shape->rows,
      .output_channels = 0,
  };
}

/// Packs one panel of one right side. Columns past the last are zero.
static void pack_panel(void *context, size_t task, size_t worker) {
  (void)worker;
  const gemm_run *run = context;
  const octet_gemm_shape *shape = &run->plan->shape;
  const octet_convolution_plan *convolution = &run->plan->convolution;
  const size_t index = task / convolution->layout.panel_count;
  const octet_convolution_panel *panel = &convolution->panels[task % convolution->layout.panel_count];
  const size_t width = panel->kernel->channels;
  const size_t column_step = shape->right_is_transposed ? shape->inner : 1;
  const size_t inner_step = shape->right_is_transposed ? 1 : shape->columns;
  const float *from = run->right + index * shape->right_step + panel->first_channel * column_step;
  float *to = (float *)(run->packed_right + index * convolution->layout.group_bytes + panel->weight_offset);
  for (size_t k = 0; k < shape->inner; k++, from += inner_step, to += width) {
    for (size_t column = 0; column < width; column++) {
      to[column] = column < panel->channels ? from[column * column_step] : 0;
    }
  }
}

/// Turns a few rows of one transposed left side.
static void turn_rows(void *context, size_t task, size_t worker) {
  (void)worker;
  const gemm_run *run = context;
  const octet_gemm_shape *shape = &run->plan->shape;
  const size_t stretches = round_up(shape->rows, TRANSPOSED_ROWS) / TRANSPOSED_ROWS;
  const size_t index = task / stretches, first = task % stretches * TRANSPOSED_ROWS;
  const size_t end = first + TRANSPOSED_ROWS < shape->rows ? first + TRANSPOSED_ROWS : shape->rows;
  const float *from = run->left + index * shape->left_step;
  float *to = run->rows_of_left + index * shape->rows * shape->inner;
  for (size_t k = 0; k < shape->inner; k++) {
    for (size_t row = first; row < end; row++) {
      to[row * shape->inner + k] = from[k * shape->rows + row];
    }
  }
}

void octet_gemm_run(const octet_gemm_plan *plan, const float *left, const float *right,
                    const octet_epilogue_buffers *buffers, void *scratch, octet_team *team) {
  const octet_gemm_shape *shape = &plan->shape;
  gemm_run run = {.plan = plan, .left = left, .right = right, .packed_right = scratch};
  octet_team_run(team, pack_panel, &run, right_count(shape) * plan->convolution.layout.panel_count);
  if (shape->left_is_transposed) {
    run.rows_of_left = (float *)((uint8_t *)scratch + packed_right_bytes(plan));
    octet_team_run(team, turn_rows, &run,
                   left_count(shape) * (round_up(shape->rows, TRANSPOSED_ROWS) / TRANSPOSED_ROWS));
  }
  octet_convolution_plan convolution = plan->convolution;
  convolution.weights = run.packed_right;
  const float *rows = shape->left_is_transposed ? run.rows_of_left : left;
  octet_convolution_run(&convolution, (const uint8_t *)rows, buffers, team);
}
