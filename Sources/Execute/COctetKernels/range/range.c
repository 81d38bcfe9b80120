/// Shares the units of a simple kernel among a team.
#include "octet_range.h"

/// More tasks than threads, so that a thread that was interrupted does not hold up the others.
enum { TASKS_PER_THREAD = 4 };

typedef struct {
  octet_range_function function;
  const void *arguments;
  size_t units, units_per_task;
} range_context;

static void run_task(void *context, size_t task, size_t worker) {
  (void)worker;
  const range_context *range = context;
  const size_t begin = task * range->units_per_task, left = range->units - begin;
  range->function(range->arguments, begin, begin + (left < range->units_per_task ? left : range->units_per_task));
}

void octet_range_run(octet_team *team, octet_range_function function, const void *arguments, size_t units,
                     size_t units_per_task) {
  if (units <= units_per_task) {
    function(arguments, 0, units);
    return;
  }
  const size_t most_tasks = TASKS_PER_THREAD * octet_team_threads(team),
               even_share = (units + most_tasks - 1) / most_tasks;
  range_context range = {function, arguments, units, units_per_task > even_share ? units_per_task : even_share};
  octet_team_run(team, run_task, &range, (units + range.units_per_task - 1) / range.units_per_task);
}
