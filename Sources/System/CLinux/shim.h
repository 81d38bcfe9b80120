// What Swift's Glibc module leaves out.
#include <malloc.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// Bounds how long the calling thread, and those it starts from now on, compute before others may go on; 0 leaves that to
// the system. A thread with a short slice also goes before those with longer ones when it wakes. Linux before 6.12 takes
// no notice; where a filter of system calls forbids it nothing changes. See sched_setattr(2).
static inline void octet_set_time_slice(uint64_t nanoseconds) {
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } attributes = {.size = sizeof attributes, .nice = getpriority(PRIO_PROCESS, 0), .runtime = nanoseconds};
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}
