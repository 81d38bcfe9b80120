/// One word, `unclaimed`, is the whole protocol. It counts the tasks that nobody has taken; zero means that there is no
/// work, and is what idle workers sleep on. Taking a task is a compare-and-swap from n to n - 1. Only after that swap
/// does a worker read the job, which cannot change before `unfinished`, counted down after each task, reaches zero.
/// A worker that wakes up late finds nothing to take, so nobody ever waits for it.
///
/// Which task it is depends on who takes it: the caller and every other worker take the next from the front, the rest
/// take the last from the back. Two threads that work on one tensor after another so meet the same half of each, which
/// is still in their caches.
#include "octet_team.h"

#include <assert.h>
#include <immintrin.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/// The value of `unclaimed` that tells the workers to end.
static const uint32_t team_ends = UINT32_MAX;

/// For how many cycles of the time stamp counter a worker looks for work before it sleeps: some 50 µs between two
/// inferences, which a busy server often bridges, and more than a millisecond within one, where work is sure to come.
/// Not so many pauses, because some processors pause three times as long as others.
static const uint64_t cycles_before_sleep = 150000, cycles_before_sleep_in_session = 5000000;

/// How often the caller looks for the last task's end before it gives its processor to whoever needs one to finish.
enum { SPINS_BEFORE_YIELD = 10000 };

typedef struct {
  octet_team_body body;
  void *context;
  size_t tasks;
} team_job;

typedef struct {
  octet_team *team;
  size_t index;
  pthread_t thread;
} team_worker;

struct octet_team {
  // Apart, because workers poll the first while finishing workers write the second.
  alignas(64) _Atomic uint32_t unclaimed;
  alignas(64) _Atomic uint32_t unfinished;
  // How many tasks were taken from the front, and from the back.
  alignas(64) _Atomic uint32_t taken_from_front;
  alignas(64) _Atomic uint32_t taken_from_back;
  alignas(64) _Atomic uint32_t sleepers;
  _Atomic uint32_t sessions;
  atomic_flag busy;
  team_job job;
  size_t threads;
  team_worker workers[];
};

static void sleep_while_idle(octet_team *team) {
  atomic_fetch_add(&team->sleepers, 1);
  syscall(SYS_futex, &team->unclaimed, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
  atomic_fetch_sub(&team->sleepers, 1);
}

static void wake_workers(octet_team *team, uint32_t count) {
  syscall(SYS_futex, &team->unclaimed, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

/// The task of a worker that may take one. As many are taken from both ends together as there are, so none twice.
static size_t choose_task(octet_team *team, size_t tasks, size_t worker) {
  if (worker % 2 == 0) {
    return atomic_fetch_add_explicit(&team->taken_from_front, 1, memory_order_relaxed);
  }
  return tasks - 1 - atomic_fetch_add_explicit(&team->taken_from_back, 1, memory_order_relaxed);
}

/// Takes and runs tasks until none is left.
static void run_tasks(octet_team *team, size_t worker) {
  uint32_t unclaimed = atomic_load_explicit(&team->unclaimed, memory_order_acquire);
  while (unclaimed != 0 && unclaimed != team_ends) {
    if (!atomic_compare_exchange_weak_explicit(&team->unclaimed, &unclaimed, unclaimed - 1, memory_order_acq_rel,
                                               memory_order_acquire)) {
      continue;
    }
    const team_job job = team->job;
    job.body(job.context, choose_task(team, job.tasks, worker), worker);
    atomic_fetch_sub_explicit(&team->unfinished, 1, memory_order_release);
    unclaimed = atomic_load_explicit(&team->unclaimed, memory_order_acquire);
  }
}

/// Waits until there are tasks, or the team ends.
static void wait_for_tasks(octet_team *team) {
  uint64_t start = __rdtsc();
  while (atomic_load_explicit(&team->unclaimed, memory_order_acquire) == 0) {
    const bool in_session = atomic_load_explicit(&team->sessions, memory_order_relaxed) > 0;
    if (__rdtsc() - start < (in_session ? cycles_before_sleep_in_session : cycles_before_sleep)) {
      _mm_pause();
    } else {
      sleep_while_idle(team);
      start = __rdtsc();
    }
  }
}

static void *work_until_the_end(void *argument) {
  const team_worker *worker = argument;
  octet_team *team = worker->team;
  for (;;) {
    wait_for_tasks(team);
    if (atomic_load_explicit(&team->unclaimed, memory_order_acquire) == team_ends) {
      return NULL;
    }
    run_tasks(team, worker->index);
  }
}

octet_team *octet_team_create(size_t threads) {
  const size_t others = threads > 1 ? threads - 1 : 0;
  const size_t bytes = sizeof(octet_team) + others * sizeof(team_worker);
  octet_team *team = aligned_alloc(alignof(octet_team), (bytes + 63) / 64 * 64);
  if (!team) {
    return NULL;
  }
  atomic_init(&team->unclaimed, 0);
  atomic_init(&team->unfinished, 0);
  atomic_init(&team->taken_from_front, 0);
  atomic_init(&team->taken_from_back, 0);
  atomic_init(&team->sleepers, 0);
  atomic_init(&team->sessions, 0);
  atomic_flag_clear(&team->busy);
  team->threads = 1;
  for (size_t i = 0; i < others; i++) {
    team_worker *worker = &team->workers[i];
    worker->team = team;
    worker->index = i + 1;
    if (pthread_create(&worker->thread, NULL, work_until_the_end, worker) != 0) {
      break;
    }
    team->threads++;
  }
  return team;
}

void octet_team_destroy(octet_team *team) {
  atomic_store(&team->unclaimed, team_ends);
  wake_workers(team, INT32_MAX);
  for (size_t i = 0; i + 1 < team->threads; i++) {
    pthread_join(team->workers[i].thread, NULL);
  }
  free(team);
}

size_t octet_team_threads(const octet_team *team) {
  return team->threads;
}

void octet_team_begin(octet_team *team) {
  atomic_fetch_add(&team->sessions, 1);
  // A worker that falls asleep just now wakes up when there are tasks.
  if (atomic_load(&team->sleepers) > 0) {
    wake_workers(team, INT32_MAX);
  }
}

void octet_team_end(octet_team *team) {
  atomic_fetch_sub(&team->sessions, 1);
}

size_t octet_team_tasks(const octet_team *team, size_t cycles, size_t most) {
  // A fork takes about a thousand cycles, and taking a task a few hundred.
  enum { CYCLES_WORTH_A_FORK = 4000, CYCLES_PER_TASK = 25000, MOST_PER_THREAD = 4 };
  if (team->threads == 1 || cycles < CYCLES_WORTH_A_FORK) {
    return 1;
  }
  const size_t per_thread = cycles / team->threads / CYCLES_PER_TASK;
  const size_t tasks =
      team->threads * (per_thread < 1 ? 1 : (per_thread < MOST_PER_THREAD ? per_thread : MOST_PER_THREAD));
  return tasks < most ? tasks : most;
}

/// Publishes the job, works on it, and waits for the tasks that others took.
static void share_tasks(octet_team *team, const team_job *job) {
  team->job = *job;
  const uint32_t tasks = (uint32_t)job->tasks;
  atomic_store_explicit(&team->unfinished, tasks, memory_order_relaxed);
  atomic_store_explicit(&team->taken_from_front, 0, memory_order_relaxed);
  atomic_store_explicit(&team->taken_from_back, 0, memory_order_relaxed);
  // Sequentially consistent, as is the count of sleepers: either this thread sees the sleeper, or the sleeper's futex
  // call sees the tasks and returns at once.
  atomic_store(&team->unclaimed, tasks);
  if (atomic_load(&team->sleepers) > 0) {
    wake_workers(team, tasks - 1);
  }
  run_tasks(team, 0);
  for (int spins = 0; atomic_load_explicit(&team->unfinished, memory_order_acquire) != 0; spins++) {
    if (spins < SPINS_BEFORE_YIELD) {
      _mm_pause();
    } else {
      sched_yield();
    }
  }
}

void octet_team_run(octet_team *team, octet_team_body body, void *context, size_t tasks) {
  assert(tasks < team_ends);
  const bool shared = tasks > 1 && team->threads > 1 && !atomic_flag_test_and_set(&team->busy);
  if (!shared) {
    for (size_t task = 0; task < tasks; task++) {
      body(context, task, 0);
    }
    return;
  }
  share_tasks(team, &(team_job){body, context, tasks});
  atomic_flag_clear(&team->busy);
}
