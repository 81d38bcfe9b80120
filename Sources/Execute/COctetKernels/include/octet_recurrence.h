/// Recurrent cells over sequences, in f32. What the inputs add, p = W·x + b, is computed before, for all steps at once.
///
///   RNN:               h′ = f(p + R·h)
///   LSTM:              f, i, o = σ(p + R·h), ĉ = g(p + R·h), c′ = f∘c + i∘ĉ, h′ = o∘k(c′)
///   GRU:               z, r = σ(p + R·h), ĥ = g(p + R·(r∘h)), h′ = (1 − z)∘ĥ + z∘h
///   GRU, late reset:   ĥ = g(p + r∘(R·h + b′))
///
/// Gates stand in the order f, i, c, o of an LSTM and z, r, h of a GRU (OpenVINO opset 4 and 3). Where the processor
/// has fused multiplication and addition it is used, in one order: from AVX2 up all instruction sets write the same
/// bytes, whatever the batch and the number of threads.
#ifndef OCTET_RECURRENCE_H
#define OCTET_RECURRENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "octet_range.h"
#include "octet_unary.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum octet_recurrent_cell {
  OCTET_CELL_RNN,
  OCTET_CELL_LSTM,
  OCTET_CELL_GRU,
  OCTET_CELL_GRU_LATE_RESET,
} octet_recurrent_cell;

/// One of OCTET_UNARY_SIGMOID, TANH, RELU and HARD_SIGMOID, with its parameters.
typedef struct octet_recurrent_activation {
  octet_unary_operation operation;
  float alpha, beta;
} octet_recurrent_activation;

/// Hidden units that are computed together: a panel. The last one may have fewer.
enum { OCTET_RECURRENT_PANEL = 16, OCTET_RECURRENT_ACTIVATIONS = 3, OCTET_RECURRENT_DIRECTIONS = 2 };

typedef struct octet_recurrence_plan {
  octet_recurrent_cell cell;
  /// σ, g and k; f of an RNN is the first.
  octet_recurrent_activation activations[OCTET_RECURRENT_ACTIVATIONS];
  /// Sums are cut to ±clip before σ, f and g; infinite: never.
  float clip;
  size_t batch, steps, directions, hidden;
  /// Which directions begin at a sequence's end.
  bool is_reverse[OCTET_RECURRENT_DIRECTIONS];
  /// R as octet_recurrence_pack leaves it, aligned to a cache line.
  const float *weights;
  /// b′ [directions][hidden], of a GRU with late reset only; 60 bytes more are read.
  const float *late_bias;
} octet_recurrence_plan;

typedef struct octet_recurrence_buffers {
  /// p: [batch][steps][directions][gates][hidden]; 60 bytes more are read.
  const float *projection;
  /// The first h: [batch][directions][hidden].
  const float *initial;
  /// h of every step: [batch][directions][steps][hidden], 0 behind the end of a sequence.
  float *outputs;
  /// c of an LSTM: [batch][directions][hidden], at first that of the beginning; NULL for others.
  float *memory;
  /// z and r∘h of a GRU whose reset is not late, as many values as c; NULL for others.
  float *update, *gated;
  /// Steps of each sequence, at most those of the plan; NULL: all.
  const size_t *lengths;
} octet_recurrence_buffers;

/// What a kernel does in one call: one step of neighbouring sequences. A unit is a panel; panels of a second direction
/// follow those of the first.
typedef struct octet_recurrence_arguments {
  const octet_recurrence_plan *plan;
  const octet_recurrence_buffers *buffers;
  /// 1 for ĥ of a GRU whose reset is not late, which needs all of r; else 0.
  size_t phase;
  size_t step, first_sequence, sequences;
} octet_recurrence_arguments;

static inline size_t octet_recurrence_gates(octet_recurrent_cell cell) {
  return cell == OCTET_CELL_RNN ? 1 : (cell == OCTET_CELL_LSTM ? 4 : 3);
}

static inline size_t octet_recurrence_phases(octet_recurrent_cell cell) {
  return cell == OCTET_CELL_GRU ? 2 : 1;
}

/// The gates of one phase: those of a GRU whose reset is not late are split, as z, r and ĥ.
static inline size_t octet_recurrence_phase_gates(octet_recurrent_cell cell, size_t phase) {
  return cell == OCTET_CELL_GRU ? 2 - phase : octet_recurrence_gates(cell);
}

static inline size_t octet_recurrence_panels(size_t hidden) {
  return (hidden + OCTET_RECURRENT_PANEL - 1) / OCTET_RECURRENT_PANEL;
}

/// Values that octet_recurrence_pack writes.
size_t octet_recurrence_packed_count(octet_recurrent_cell cell, size_t directions, size_t hidden);

/// Reorders R [directions][gates][hidden][hidden] to [directions][phases][panels][hidden][gates of the phase][16],
/// with zeros for units that the last panel lacks.
void octet_recurrence_pack(octet_recurrent_cell cell, size_t directions, size_t hidden, const float *rows,
                           float *packed);

octet_range_kernel_list octet_recurrence_f32_kernels(void);

/// Runs `function` over all steps. Directions, and neighbouring sequences of a batch, share the team; where there are
/// too few of them, the panels of each step do.
void octet_recurrence_run(const octet_recurrence_plan *plan, octet_range_function function,
                          const octet_recurrence_buffers *buffers, octet_team *team);

#ifdef __cplusplus
}
#endif

#endif
