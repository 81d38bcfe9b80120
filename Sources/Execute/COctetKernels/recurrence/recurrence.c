/// Packs the weights of recurrences, and shares their steps among a team.
#include "octet_recurrence.h"

#include <string.h>

// MARK: - Weights

size_t octet_recurrence_packed_count(octet_recurrent_cell cell, size_t directions, size_t hidden) {
  return directions * octet_recurrence_gates(cell) * octet_recurrence_panels(hidden) * OCTET_RECURRENT_PANEL * hidden;
}

/// Column k of sixteen units, of which `units` exist; `rows` is the first unit's row.
static void pack_column(const float *rows, size_t hidden, size_t units, size_t k, float *to) {
  for (size_t unit = 0; unit < OCTET_RECURRENT_PANEL; unit++) {
    to[unit] = unit < units ? rows[unit * hidden + k] : 0;
  }
}

void octet_recurrence_pack(octet_recurrent_cell cell, size_t directions, size_t hidden, const float *rows,
                           float *packed) {
  const size_t panels = octet_recurrence_panels(hidden), all_gates = octet_recurrence_gates(cell);
  for (size_t direction = 0; direction < directions; direction++) {
    size_t first_gate = direction * all_gates;
    for (size_t phase = 0; phase < octet_recurrence_phases(cell); phase++) {
      const size_t gates = octet_recurrence_phase_gates(cell, phase);
      for (size_t panel = 0; panel < panels; panel++) {
        const size_t unit = panel * OCTET_RECURRENT_PANEL;
        for (size_t k = 0; k < hidden; k++) {
          for (size_t gate = 0; gate < gates; gate++, packed += OCTET_RECURRENT_PANEL) {
            pack_column(rows + ((first_gate + gate) * hidden + unit) * hidden, hidden, hidden - unit, k, packed);
          }
        }
      }
      first_gate += gates;
    }
  }
}

// MARK: - Steps

/// Sequences of one direction that a thread takes from their beginning to their end.
enum { SEQUENCES_PER_TASK = 4 };

typedef struct {
  const octet_recurrence_plan *plan;
  octet_range_function function;
  const octet_recurrence_buffers *buffers;
} recurrence;

static size_t length_of(const recurrence *r, size_t sequence) {
  return r->buffers->lengths ? r->buffers->lengths[sequence] : r->plan->steps;
}

/// The steps of the longest of the sequences.
static size_t longest(const recurrence *r, size_t first, size_t count) {
  size_t steps = 0;
  for (size_t sequence = first; sequence < first + count; sequence++) {
    const size_t length = length_of(r, sequence);
    steps = length > steps ? length : steps;
  }
  return steps;
}

/// Behind the end of a sequence there is nothing but zeros.
static void clear_rest(const recurrence *r, size_t direction, size_t sequence) {
  const octet_recurrence_plan *plan = r->plan;
  const size_t length = length_of(r, sequence), track = sequence * plan->directions + direction;
  float *rest = r->buffers->outputs + (track * plan->steps + length) * plan->hidden;
  memset(rest, 0, (plan->steps - length) * plan->hidden * sizeof *rest);
}

/// A task: neighbouring sequences of one direction, all steps.
static void run_task(void *context, size_t task, size_t worker) {
  (void)worker;
  const recurrence *r = context;
  const octet_recurrence_plan *plan = r->plan;
  const size_t panels = octet_recurrence_panels(plan->hidden), direction = task % plan->directions;
  const size_t first = task / plan->directions * SEQUENCES_PER_TASK, left = plan->batch - first;
  const size_t count = left < SEQUENCES_PER_TASK ? left : SEQUENCES_PER_TASK, steps = longest(r, first, count);
  octet_recurrence_arguments arguments = {plan, r->buffers, 0, 0, first, count};
  for (arguments.step = 0; arguments.step < steps; arguments.step++) {
    for (arguments.phase = 0; arguments.phase < octet_recurrence_phases(plan->cell); arguments.phase++) {
      r->function(&arguments, direction * panels, (direction + 1) * panels);
    }
  }
}

/// All sequences step by step. A thread takes the same panels in every step, whose weights stay in its cache.
static void run_in_steps(const recurrence *r, size_t units, octet_team *team) {
  const octet_recurrence_plan *plan = r->plan;
  const size_t threads = octet_team_threads(team), steps = longest(r, 0, plan->batch);
  octet_recurrence_arguments arguments = {plan, r->buffers, 0, 0, 0, plan->batch};
  for (arguments.step = 0; arguments.step < steps; arguments.step++) {
    for (arguments.phase = 0; arguments.phase < octet_recurrence_phases(plan->cell); arguments.phase++) {
      octet_range_run(team, r->function, &arguments, units, (units + threads - 1) / threads);
    }
  }
}

/// Processor cycles of one step: two for every sixteen weights, which come from the second-level cache, and more for
/// further sequences only where they are many.
static size_t step_cycles(const octet_recurrence_plan *plan) {
  const size_t panels = plan->directions * octet_recurrence_panels(plan->hidden);
  const size_t rounds = (plan->batch + SEQUENCES_PER_TASK - 1) / SEQUENCES_PER_TASK;
  return panels * rounds * octet_recurrence_gates(plan->cell) * (2 * plan->hidden + 100);
}

void octet_recurrence_run(const octet_recurrence_plan *plan, octet_range_function function,
                          const octet_recurrence_buffers *buffers, octet_team *team) {
  recurrence r = {plan, function, buffers};
  for (size_t sequence = 0; sequence < plan->batch; sequence++) {
    for (size_t direction = 0; direction < plan->directions; direction++) {
      clear_rest(&r, direction, sequence);
    }
  }
  const size_t units = plan->directions * octet_recurrence_panels(plan->hidden), threads = octet_team_threads(team);
  const size_t tasks = plan->directions * ((plan->batch + SEQUENCES_PER_TASK - 1) / SEQUENCES_PER_TASK);
  // A task of its own for every thread needs one fork for all steps. Else a fork for every step must be worth it, which
  // costs three times as much as that of a layer, since the threads exchange the state.
  const size_t tasks_per_step = tasks < threads ? octet_team_tasks(team, step_cycles(plan) / 3, units) : 1;
  if (tasks_per_step > tasks) {
    run_in_steps(&r, units, team);
  } else {
    octet_team_run(team, run_task, &r, tasks);
  }
}
