#include "octet_gemm.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/// Rows of a left side that are worked on together.
enum { ROWS_PER_TASK = 16, SCRATCH_ALIGNMENT = 64, SLACK = OCTET_CONVOLUTION_SLACK, S8_OFFSET = 128 };

typedef struct {
  const octet_gemm_plan *plan;
  const uint8_t *left;
  /// Where transposed left sides are turned to, and what the sums of each row start from; NULL where that is not
  /// needed.
  uint8_t *turned;
  int32_t *row_initial;
} left_side;

/// Where the parts of the scratch memory begin, and its end.
typedef struct {
  size_t initial, row_initial, turned, end;
} scratch_layout;

static size_t round_up(size_t value, size_t unit) {
  return (value + unit - 1) / unit * unit;
}

/// How many matrices of a side there are.
static size_t right_count(const octet_gemm_shape *shape) {
  return shape->right_is_shared ? 1 : shape->batch;
}
static size_t left_count(const octet_gemm_shape *shape) {
  return shape->left_is_shared ? 1 : shape->batch;
}

static bool is_integer(const octet_gemm_plan *plan) {
  return plan->convolution.layout.format != OCTET_WEIGHTS_F32;
}

static bool sums_rows(const octet_gemm_plan *plan) {
  return is_integer(plan) && plan->right_zero_point != S8_OFFSET;
}

static scratch_layout scratch_of(const octet_gemm_plan *plan) {
  const octet_gemm_shape *shape = &plan->shape;
  const octet_weight_layout *packed = &plan->convolution.layout;
  const size_t rows = left_count(shape) * shape->rows, element = plan->convolution.element_bytes;
  const size_t columns = is_integer(plan) ? right_count(shape) * packed->group_channels : 0;
  scratch_layout layout;
  layout.initial = round_up(right_count(shape) * packed->group_bytes, SCRATCH_ALIGNMENT);
  layout.row_initial = layout.initial + round_up(columns * sizeof(int32_t), SCRATCH_ALIGNMENT);
  layout.turned = layout.row_initial;
  layout.turned += round_up(sums_rows(plan) ? rows * sizeof(int32_t) : 0, SCRATCH_ALIGNMENT);
  layout.end = layout.turned + (shape->left_is_transposed ? rows * shape->inner * element + SLACK : 0);
  return layout;
}

size_t octet_gemm_scratch_bytes(const octet_gemm_plan *plan) {
  return scratch_of(plan).end;
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
  convolution->element_bytes = is_integer(plan) ? 1 : sizeof(float);
  // Transposed left sides stand one behind the other in the scratch.
  const size_t row = shape->left_is_transposed ? shape->inner : shape->left.row;
  const size_t matrix = shape->left_is_transposed ? shape->rows * shape->inner : shape->left.matrix;
  convolution->input_pixel_stride = row * convolution->element_bytes;
  octet_convolution_prepare(convolution, run_step);
  convolution->group_steps = (octet_group_steps){
      .input_bytes = shape->left_is_shared ? 0 : matrix * convolution->element_bytes,
      .weight_bytes = shape->right_is_shared ? 0 : convolution->layout.group_bytes,
      .initial_channels = is_integer(plan) && !shape->right_is_shared ? convolution->layout.group_channels : 0,
      .initial_pixels = shape->left_is_shared ? 0 : shape->rows,
      .output_pixels = shape->rows,
      .output_channels = 0,
  };
}

/// Units of columns of one right side, of which a narrow panel has half of one.
static size_t units_of(const octet_convolution_plan *convolution) {
  return (convolution->layout.group_channels + OCTET_CHANNEL_UNIT - 1) / OCTET_CHANNEL_UNIT;
}

octet_gemm_columns octet_gemm_columns_of(const octet_gemm_packing *packing, size_t unit) {
  const octet_gemm_shape *shape = &packing->plan->shape;
  const octet_convolution_plan *convolution = &packing->plan->convolution;
  const size_t units = units_of(convolution);
  const size_t matrix = unit / units, first = unit % units * OCTET_CHANNEL_UNIT;
  const octet_convolution_panel *panel = convolution->panels;
  while (first >= panel->first_channel + panel->kernel->channels) {
    panel++;
  }
  octet_gemm_columns columns = {.column_step = shape->right_is_transposed ? shape->right.row : 1,
                                .inner_step = shape->right_is_transposed ? 1 : shape->right.row,
                                .width = panel->kernel->channels,
                                .channel = first - panel->first_channel};
  const size_t left = shape->columns - first;
  columns.count = left < OCTET_CHANNEL_UNIT ? left : OCTET_CHANNEL_UNIT;
  columns.offset = octet_matrix_offset(&shape->right, matrix) + first * columns.column_step;
  columns.panel = packing->packed + matrix * convolution->layout.group_bytes + panel->weight_offset;
  return columns;
}

void octet_gemm_pack_f32(const void *arguments, size_t begin, size_t end) {
  const octet_gemm_packing *packing = arguments;
  for (size_t unit = begin; unit < end; unit++) {
    const octet_gemm_columns columns = octet_gemm_columns_of(packing, unit);
    const float *from = (const float *)packing->right + columns.offset;
    float *to = (float *)columns.panel + columns.channel;
    const size_t packed = columns.width < OCTET_CHANNEL_UNIT ? columns.width : OCTET_CHANNEL_UNIT;
    for (size_t k = 0; k < packing->plan->shape.inner; k++, from += columns.inner_step, to += columns.width) {
      for (size_t column = 0; column < packed; column++) {
        to[column] = column < columns.count ? from[column * columns.column_step] : 0;
      }
    }
  }
}

/// Turns rows first ..< end of inner × rows elements. `element_bytes` is a constant wherever this is inlined.
static inline void turn(const octet_gemm_shape *shape, size_t first, size_t end, const uint8_t *from, uint8_t *to,
                        size_t element_bytes) {
  for (size_t k = 0; k < shape->inner; k++) {
    for (size_t row = first; row < end; row++) {
      __builtin_memcpy(to + (row * shape->inner + k) * element_bytes,
                       from + (k * shape->left.row + row) * element_bytes, element_bytes);
    }
  }
}

static int32_t sum_u8(const uint8_t *from, size_t count) {
  int32_t sum = 0;
  size_t i = 0;
#ifdef __SSE2__
  __m128i sums = _mm_setzero_si128();
  for (; i + sizeof sums <= count; i += sizeof sums) {
    sums = _mm_add_epi64(sums, _mm_sad_epu8(_mm_loadu_si128((const __m128i *)(from + i)), _mm_setzero_si128()));
  }
  sum = _mm_cvtsi128_si32(sums) + _mm_cvtsi128_si32(_mm_unpackhi_epi64(sums, sums));
#endif
  for (; i < count; i++) {
    sum += from[i];
  }
  return sum;
}

/// What the sums of rows start from that stand `row_bytes` apart: −(y − 128)·Σ a.
static void sum_rows(const octet_gemm_plan *plan, const uint8_t *left, size_t row_bytes, size_t rows, int32_t *sums) {
  for (size_t row = 0; row < rows; row++) {
    sums[row] = (S8_OFFSET - plan->right_zero_point) * sum_u8(left + row * row_bytes, plan->shape.inner);
  }
}

static size_t tasks_per_left(const octet_gemm_shape *shape) {
  return round_up(shape->rows, ROWS_PER_TASK) / ROWS_PER_TASK;
}

/// Turns a few rows of one left side, and sums them, as far as needed.
static void prepare_rows(void *context, size_t task, size_t worker) {
  (void)worker;
  const left_side *side = context;
  const octet_gemm_shape *shape = &side->plan->shape;
  const size_t index = task / tasks_per_left(shape), first = task % tasks_per_left(shape) * ROWS_PER_TASK;
  const size_t end = first + ROWS_PER_TASK < shape->rows ? first + ROWS_PER_TASK : shape->rows;
  const size_t element = side->plan->convolution.element_bytes;
  const uint8_t *rows = side->left + octet_matrix_offset(&shape->left, index) * element;
  size_t row_bytes = shape->left.row * element;
  if (side->turned) {
    uint8_t *turned = side->turned + index * shape->rows * shape->inner * element;
    if (element == 1) {
      turn(shape, first, end, rows, turned, 1);
    } else {
      turn(shape, first, end, rows, turned, sizeof(float));
    }
    rows = turned;
    row_bytes = shape->inner * element;
  }
  if (side->row_initial) {
    sum_rows(side->plan, rows + first * row_bytes, row_bytes, end - first,
             side->row_initial + index * shape->rows + first);
  }
}

octet_gemm_right octet_gemm_pack_right(const octet_gemm_plan *plan, const void *right, void *scratch,
                                       octet_team *team) {
  octet_gemm_packing packing = {.plan = plan, .right = right, .packed = scratch};
  packing.initial = is_integer(plan) ? (int32_t *)(packing.packed + scratch_of(plan).initial) : NULL;
  octet_range_run(team, plan->pack, &packing, right_count(&plan->shape) * units_of(&plan->convolution), 1);
  return (octet_gemm_right){packing.packed, is_integer(plan) ? packing.initial : plan->convolution.initial};
}

void octet_gemm_run(const octet_gemm_plan *plan, const void *left, const void *right,
                    const octet_epilogue_buffers *buffers, void *scratch, octet_team *team) {
  const octet_gemm_shape *shape = &plan->shape;
  const scratch_layout layout = scratch_of(plan);
  uint8_t *base = scratch;
  const octet_gemm_right packed = octet_gemm_pack_right(plan, right, scratch, team);
  octet_convolution_plan convolution = plan->convolution;
  convolution.weights = packed.packed;
  convolution.initial = packed.initial;

  left_side side = {.plan = plan, .left = left};
  side.turned = shape->left_is_transposed ? base + layout.turned : NULL;
  side.row_initial = sums_rows(plan) ? (int32_t *)(base + layout.row_initial) : NULL;
  if (side.turned || side.row_initial) {
    octet_team_run(team, prepare_rows, &side, left_count(shape) * tasks_per_left(shape));
  }
  convolution.pixel_initial = side.row_initial;
  octet_convolution_run(&convolution, side.turned ? side.turned : side.left, buffers, NULL, team);
}

void octet_gemm_run_rows(const octet_gemm_plan *plan, const octet_gemm_right *right, size_t matrix, size_t rows,
                         const uint8_t *left, int32_t *row_sums, const octet_epilogue_buffers *buffers) {
  octet_convolution_plan product = plan->convolution;
  product.weights = right->packed + matrix * product.group_steps.weight_bytes;
  product.initial = (const int32_t *)right->initial + matrix * product.group_steps.initial_channels;
  if (sums_rows(plan)) {
    sum_rows(plan, left, product.input_pixel_stride, rows, row_sums);
    product.pixel_initial = row_sums;
  }
  octet_convolution_run_pixels(&product, left, buffers, rows);
}
