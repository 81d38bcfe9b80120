/// A team of threads that run the tasks of one layer together: fork and join within about a microsecond while busy,
/// no processor time while idle, no allocation per run.
#ifndef OCTET_TEAM_H
#define OCTET_TEAM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct octet_team octet_team;

/// Runs one task. `worker` is less than the team's thread count and differs between tasks that run at the same time.
typedef void (*octet_team_body)(void *context, size_t task, size_t worker);

/// A team of `threads` workers, the caller of octet_team_run among them, so that one thread starts none. It has fewer
/// when the system refuses a thread; NULL when memory is short.
octet_team *octet_team_create(size_t threads);

/// Ends the threads and waits for them. No run may be under way.
void octet_team_destroy(octet_team *team);

size_t octet_team_threads(const octet_team *team);

/// Into how many tasks work of about `cycles` processor cycles is best split, at most `most`: into one where a fork
/// would take as long, into one per thread where tasks would be short, else into several, so that all threads end
/// together although one may be held up.
size_t octet_team_tasks(const octet_team *team, size_t cycles, size_t most);

/// Says that runs will follow each other closely until octet_team_end: wakes the workers, which then wait for tasks
/// awake, so that a fork does not cost a system call. Sessions may overlap.
void octet_team_begin(octet_team *team);
void octet_team_end(octet_team *team);

/// Runs body(context, task, worker) for every task in 0 ..< tasks and returns when all are done. There are at
/// most 2^32 - 2 of them. Workers of even numbers take them from the front and the others from the back, so that a
/// thread meets the same part of a tensor in one layer as in the next. When the team is busy with another run, all run
/// on the calling thread.
void octet_team_run(octet_team *team, octet_team_body body, void *context, size_t tasks);

/// The task that a worker most likely takes after `task`; none of the run's, where that was the last.
static inline size_t octet_team_next_task(size_t task, size_t worker) {
  return worker % 2 == 0 ? task + 1 : task - 1;
}

#ifdef __cplusplus
}
#endif

#endif
