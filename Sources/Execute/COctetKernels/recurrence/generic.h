/// The kernel of octet_recurrence.h, once for every instruction set.
#include "isa/name.h"
#include "isa/vector_unary.h"

#include "recurrence/sums.h"

// MARK: - Functions of a cell

/// Not inlined: each of them would be repeated for every gate.
static __attribute__((noinline)) void activate(const octet_recurrent_activation *activation, f32x16 *v, size_t count) {
  switch (activation->operation) {
#define OCTET_CASE(operation)                                                                                          \
  case operation:                                                                                                      \
    for (size_t i = 0; i < count; i++) {                                                                               \
      v[i] = unary_f32(v[i], operation, activation->alpha, activation->beta);                                          \
    }                                                                                                                  \
    break;
    OCTET_CASE(OCTET_UNARY_SIGMOID)
    OCTET_CASE(OCTET_UNARY_TANH)
    OCTET_CASE(OCTET_UNARY_RELU)
  default:
    OCTET_CASE(OCTET_UNARY_HARD_SIGMOID)
#undef OCTET_CASE
  }
}

/// The same of sums, which are cut first.
OCTET_INLINE void activate_sums(const octet_recurrence_plan *plan, size_t activation, f32x16 *v, size_t count) {
  if (plan->clip < __builtin_inff()) {
    for (size_t i = 0; i < count; i++) {
      v[i] = x_or_clipped(v[i], plan->clip);
    }
  }
  activate(&plan->activations[activation], v, count);
}

// MARK: - Cells: from the sums of a panel to the new states of `count` sequences

OCTET_INLINE void finish_rnn(const panel_place *panel, const sequence_step *of, size_t count,
                             f32x16 sums[][MOST_GATES]) {
  f32x16 next[SEQUENCES_AT_ONCE];
  for (size_t s = 0; s < count; s++) {
    next[s] = sums[s][0];
  }
  activate_sums(panel->plan, 0, next, count);
  for (size_t s = 0; s < count; s++) {
    store_first_f32(of[s].output, next[s], panel->units);
  }
}

OCTET_INLINE void finish_lstm(const panel_place *panel, const sequence_step *of, size_t count,
                              f32x16 sums[][MOST_GATES]) {
  // f, i and o of all sequences, then ĉ, so that many exponentials are under way at once.
  f32x16 gates[3 * SEQUENCES_AT_ONCE], candidate[SEQUENCES_AT_ONCE], memory[SEQUENCES_AT_ONCE];
  for (size_t s = 0; s < count; s++) {
    gates[3 * s] = sums[s][0], gates[3 * s + 1] = sums[s][1], gates[3 * s + 2] = sums[s][3];
    candidate[s] = sums[s][2];
  }
  activate_sums(panel->plan, 0, gates, 3 * count);
  activate_sums(panel->plan, 1, candidate, count);
  for (size_t s = 0; s < count; s++) {
    const f32x16 before = load_first_f32(of[s].memory, panel->units, 0);
    memory[s] = gates[3 * s] * before + gates[3 * s + 1] * candidate[s];
    store_first_f32(of[s].memory, memory[s], panel->units);
  }
  activate(&panel->plan->activations[2], memory, count);
  for (size_t s = 0; s < count; s++) {
    store_first_f32(of[s].output, gates[3 * s + 2] * memory[s], panel->units);
  }
}

/// h′ = (1 − z)∘ĥ + z∘h
OCTET_INLINE void finish_gru(const panel_place *panel, const sequence_step *of, size_t count, const f32x16 *update,
                             f32x16 *candidate) {
  activate_sums(panel->plan, 1, candidate, count);
  for (size_t s = 0; s < count; s++) {
    const f32x16 z = update[s], h = load_first_f32(of[s].previous, panel->units, 0);
    store_first_f32(of[s].output, (1.0f - z) * candidate[s] + z * h, panel->units);
  }
}

OCTET_INLINE void finish_gru_late_reset(const panel_place *panel, const sequence_step *of, size_t count,
                                        f32x16 sums[][MOST_GATES]) {
  f32x16 update[SEQUENCES_AT_ONCE], reset[SEQUENCES_AT_ONCE], candidate[SEQUENCES_AT_ONCE];
  for (size_t s = 0; s < count; s++) {
    update[s] = sums[s][0], reset[s] = sums[s][1];
  }
  activate_sums(panel->plan, 0, update, count);
  activate_sums(panel->plan, 0, reset, count);
  for (size_t s = 0; s < count; s++) {
    candidate[s] = load_f32(of[s].projection + 2 * panel->plan->hidden) + reset[s] * sums[s][2];
  }
  finish_gru(panel, of, count, update, candidate);
}

/// The first phase of a GRU whose reset is not late: z and r∘h.
OCTET_INLINE void finish_gru_gates(const panel_place *panel, const sequence_step *of, size_t count,
                                   f32x16 sums[][MOST_GATES]) {
  f32x16 gates[2 * SEQUENCES_AT_ONCE];
  for (size_t s = 0; s < count; s++) {
    gates[2 * s] = sums[s][0], gates[2 * s + 1] = sums[s][1];
  }
  activate_sums(panel->plan, 0, gates, 2 * count);
  for (size_t s = 0; s < count; s++) {
    store_first_f32(of[s].update, gates[2 * s], panel->units);
    const f32x16 h = load_first_f32(of[s].previous, panel->units, 0);
    store_first_f32(of[s].gated, gates[2 * s + 1] * h, panel->units);
  }
}

OCTET_INLINE void finish_gru_candidate(const panel_place *panel, const sequence_step *of, size_t count,
                                       f32x16 sums[][MOST_GATES]) {
  f32x16 update[SEQUENCES_AT_ONCE], candidate[SEQUENCES_AT_ONCE];
  for (size_t s = 0; s < count; s++) {
    update[s] = load_first_f32(of[s].update, panel->units, 0), candidate[s] = sums[s][0];
  }
  finish_gru(panel, of, count, update, candidate);
}

// MARK: - A panel

/// `kind`, `phase` and `count` are constants wherever this is inlined.
OCTET_INLINE void run_panel(const panel_place *panel, const sequence_step *of, size_t count, octet_recurrent_cell kind,
                            size_t phase) {
  f32x16 sums[SEQUENCES_AT_ONCE][MOST_GATES];
  const size_t gates = octet_recurrence_phase_gates(kind, phase);
  for (size_t s = 0; s < count; s++) {
    OCTET_UNROLLED for (size_t gate = 0; gate < gates; gate++) {
      const bool is_late = kind == OCTET_CELL_GRU_LATE_RESET && gate == 2;
      sums[s][gate] = load_f32(is_late ? panel->late_bias : of[s].projection + gate * panel->plan->hidden);
    }
  }
  add_recurrence(sums, of, count, gates, panel);
  switch (kind) {
  case OCTET_CELL_RNN:
    finish_rnn(panel, of, count, sums);
    break;
  case OCTET_CELL_LSTM:
    finish_lstm(panel, of, count, sums);
    break;
  case OCTET_CELL_GRU_LATE_RESET:
    finish_gru_late_reset(panel, of, count, sums);
    break;
  case OCTET_CELL_GRU:
    if (phase == 0) {
      finish_gru_gates(panel, of, count, sums);
    } else {
      finish_gru_candidate(panel, of, count, sums);
    }
    break;
  }
}

OCTET_INLINE void run_sequences(const panel_place *panel, const sequence_step *of, size_t count,
                                octet_recurrent_cell kind, size_t phase) {
  if (SEQUENCES_AT_ONCE > 1 && count == SEQUENCES_AT_ONCE) {
    run_panel(panel, of, SEQUENCES_AT_ONCE, kind, phase);
    return;
  }
  for (size_t s = 0; s < count; s++) {
    run_panel(panel, of + s, 1, kind, phase);
  }
}

static void run_cell(const panel_place *panel, const sequence_step *of, size_t count, size_t phase) {
  switch (panel->plan->cell) {
  case OCTET_CELL_RNN:
    run_sequences(panel, of, count, OCTET_CELL_RNN, 0);
    break;
  case OCTET_CELL_LSTM:
    run_sequences(panel, of, count, OCTET_CELL_LSTM, 0);
    break;
  case OCTET_CELL_GRU_LATE_RESET:
    run_sequences(panel, of, count, OCTET_CELL_GRU_LATE_RESET, 0);
    break;
  case OCTET_CELL_GRU:
    if (phase == 0) {
      run_sequences(panel, of, count, OCTET_CELL_GRU, 0);
    } else {
      run_sequences(panel, of, count, OCTET_CELL_GRU, 1);
    }
    break;
  }
}

// MARK: - Where a panel and a sequence stand

OCTET_INLINE panel_place place_of(const octet_recurrence_arguments *a, size_t direction, size_t panel) {
  const octet_recurrence_plan *plan = a->plan;
  const size_t hidden = plan->hidden, panels = octet_recurrence_panels(hidden), unit = panel * OCTET_LANES;
  const size_t of_gate = hidden * OCTET_LANES, earlier_gates = a->phase == 0 ? 0 : 2;
  const size_t panel_of_all = direction * panels * octet_recurrence_gates(plan->cell) + panels * earlier_gates +
                              panel * octet_recurrence_phase_gates(plan->cell, a->phase);
  return (panel_place){.plan = plan,
                       .weights = plan->weights + panel_of_all * of_gate,
                       .late_bias = plan->late_bias ? plan->late_bias + direction * hidden + unit : NULL,
                       .units = hidden - unit < OCTET_LANES ? hidden - unit : OCTET_LANES};
}

OCTET_INLINE sequence_step step_of(const octet_recurrence_arguments *a, size_t direction, size_t panel, size_t sequence,
                                   size_t length) {
  const octet_recurrence_plan *plan = a->plan;
  const octet_recurrence_buffers *buffers = a->buffers;
  const size_t hidden = plan->hidden, unit = panel * OCTET_LANES, track = sequence * plan->directions + direction;
  const bool is_reverse = plan->is_reverse[direction];
  const size_t time = is_reverse ? length - 1 - a->step : a->step, before = is_reverse ? time + 1 : time - 1;
  const size_t gates = octet_recurrence_gates(plan->cell), first_gate = a->phase == 0 ? 0 : 2;
  const size_t projected = (sequence * plan->steps + time) * plan->directions + direction;
  float *outputs = buffers->outputs + track * plan->steps * hidden;
  const float *previous = a->step == 0 ? buffers->initial + track * hidden : outputs + before * hidden;
  sequence_step of = {.projection = buffers->projection + (projected * gates + first_gate) * hidden + unit,
                      .previous = previous + unit,
                      .output = outputs + time * hidden + unit,
                      .state = previous};
  if (plan->cell == OCTET_CELL_LSTM) {
    of.memory = buffers->memory + track * hidden + unit;
  } else if (plan->cell == OCTET_CELL_GRU) {
    float *gated = buffers->gated + track * hidden;
    of.update = buffers->update + track * hidden + unit;
    of.gated = gated + unit;
    of.state = a->phase == 0 ? previous : gated;
  }
  return of;
}

void OCTET_KERNEL_NAME(octet_recurrence_f32)(const void *arguments, size_t begin, size_t end) {
  const octet_recurrence_arguments *a = arguments;
  const size_t panels = octet_recurrence_panels(a->plan->hidden);
  for (size_t unit = begin; unit < end; unit++) {
    const size_t direction = unit / panels, number = unit % panels;
    const panel_place panel = place_of(a, direction, number);
    sequence_step of[SEQUENCES_AT_ONCE];
    size_t count = 0;
    for (size_t i = 0; i < a->sequences; i++) {
      const size_t sequence = a->first_sequence + i;
      const size_t length = a->buffers->lengths ? a->buffers->lengths[sequence] : a->plan->steps;
      if (a->step >= length) {
        continue;
      }
      of[count++] = step_of(a, direction, number, sequence, length);
      if (count == SEQUENCES_AT_ONCE) {
        run_cell(&panel, of, count, a->phase);
        count = 0;
      }
    }
    run_cell(&panel, of, count, a->phase);
  }
}
