#include "octet_attention.h"

enum { SCRATCH_ALIGNMENT = 64, FEWEST_ROWS = 6, ROW_UNIT = 12, READ_PAST_END = 16 };

typedef struct {
  const octet_attention_plan *plan;
  const uint8_t *query;
  octet_gemm_right keys, values;
  const octet_epilogue_buffers *buffers;
  /// How many rows of scores a task works on, and how many tasks have the rows of a matrix.
  size_t rows_per_task, tasks_per_matrix;
} attention_run;

/// What a task works on: each step works where the one before has left its result.
typedef struct {
  _Alignas(SCRATCH_ALIGNMENT) float scores[OCTET_ATTENTION_SCORES + READ_PAST_END];
  uint8_t quantized[OCTET_ATTENTION_SCORES + OCTET_CONVOLUTION_SLACK];
  int32_t row_sums[OCTET_ATTENTION_ROWS];
} attention_tile;

static size_t divide_up(size_t a, size_t b) {
  return (a + b - 1) / b;
}

static size_t scores_bytes(const octet_attention_plan *plan) {
  return divide_up(octet_gemm_scratch_bytes(&plan->scores), SCRATCH_ALIGNMENT) * SCRATCH_ALIGNMENT;
}

size_t octet_attention_scratch_bytes(const octet_attention_plan *plan) {
  return scores_bytes(plan) + octet_gemm_scratch_bytes(&plan->values);
}

/// How many rows of scores are worked on at a time: what most kernels take at once, or a multiple of it.
static size_t rows_at_once(const octet_attention_plan *plan) {
  const size_t usual = OCTET_ATTENTION_USUAL_SCORES / plan->scores.shape.columns / ROW_UNIT * ROW_UNIT;
  const size_t rows = usual > 0 ? usual : FEWEST_ROWS;
  return rows < OCTET_ATTENTION_ROWS ? rows : OCTET_ATTENTION_ROWS;
}

static void compute_scores(const attention_run *run, size_t matrix, size_t first, size_t rows, attention_tile *tile) {
  const octet_attention_plan *plan = run->plan;
  octet_epilogue_buffers buffers = {.output = (uint8_t *)tile->scores};
  for (size_t i = 0; i < OCTET_EPILOGUE_OPERANDS; i++) {
    const octet_matrix_steps *steps = &plan->operands[i];
    if (run->buffers->operands[i]) {
      const size_t offset = octet_matrix_offset(steps, matrix) + first * steps->row;
      buffers.operands[i] = run->buffers->operands[i] + offset * sizeof(float);
    }
  }
  const octet_matrix_steps *steps = &plan->scores.shape.left;
  const size_t offset = octet_matrix_offset(steps, matrix) + first * steps->row;
  octet_gemm_run_rows(&plan->scores, &run->keys, matrix, rows,
                      run->query + offset * plan->scores.convolution.element_bytes, tile->row_sums, &buffers);
}

/// Turns scores to probabilities. Gives the rows that are multiplied by the values.
static const uint8_t *compute_probabilities(const octet_attention_plan *plan, size_t rows, attention_tile *tile) {
  const octet_softmax_plan softmax = {.outer = rows, .axis = plan->scores.shape.columns, .inner = 1};
  const octet_softmax_arguments arguments = {&softmax, tile->scores, tile->scores};
  plan->softmax(&arguments, 0, octet_softmax_units(&softmax));
  if (!plan->quantize) {
    return (const uint8_t *)tile->scores;
  }
  octet_quantize_plan quantizer = plan->quantizer;
  quantizer.layout.inner = rows * plan->scores.shape.columns;
  const octet_quantize_arguments quantization = {&quantizer, tile->scores, tile->quantized};
  plan->quantize(&quantization, 0, octet_layout_units(&quantizer.layout));
  return tile->quantized;
}

static void run_task(void *context, size_t task, size_t worker) {
  (void)worker;
  const attention_run *run = context;
  const octet_attention_plan *plan = run->plan;
  const size_t matrix = task / run->tasks_per_matrix, first = task % run->tasks_per_matrix * run->rows_per_task;
  const size_t left = plan->scores.shape.rows - first, rows = left < run->rows_per_task ? left : run->rows_per_task;
  attention_tile tile;
  compute_scores(run, matrix, first, rows, &tile);
  const uint8_t *probabilities = compute_probabilities(plan, rows, &tile);
  const size_t offset = octet_matrix_offset(&plan->output, matrix) + first * plan->output.row;
  const size_t element_bytes = octet_element_bytes(plan->values.convolution.epilogue->output_type);
  const octet_epilogue_buffers buffers = {.output = run->buffers->output + offset * element_bytes};
  octet_gemm_run_rows(&plan->values, &run->values, matrix, rows, probabilities, tile.row_sums, &buffers);
}

void octet_attention_run(const octet_attention_plan *plan, const void *query, const void *keys, const void *values,
                         const octet_epilogue_buffers *buffers, void *scratch, octet_team *team) {
  const octet_gemm_shape *shape = &plan->scores.shape;
  uint8_t *of_values = (uint8_t *)scratch + scores_bytes(plan);
  const size_t rows_per_task = rows_at_once(plan);
  attention_run run = {.plan = plan,
                       .query = query,
                       .keys = octet_gemm_pack_right(&plan->scores, keys, scratch, team),
                       .values = octet_gemm_pack_right(&plan->values, values, of_values, team),
                       .buffers = buffers,
                       .rows_per_task = rows_per_task,
                       .tasks_per_matrix = divide_up(shape->rows, rows_per_task)};
  octet_team_run(team, run_task, &run, shape->batch * run.tasks_per_matrix);
}
