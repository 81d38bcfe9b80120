/// What the simple kernels have in common: each works on a range of equal units of work, so that threads can share it.
#ifndef OCTET_RANGE_H
#define OCTET_RANGE_H

#include <stddef.h>

#include "octet_cpu.h"
#include "octet_team.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Works on the units begin ..< end. `arguments` is the family's argument structure; what a unit is, its header says.
typedef void (*octet_range_function)(const void *arguments, size_t begin, size_t end);

typedef struct octet_range_kernel {
  octet_isa isa;
  const char *name;
  octet_range_function function;
} octet_range_kernel;

/// The kernels of one family, best first.
typedef struct octet_range_kernel_list {
  const octet_range_kernel *kernels;
  size_t count;
} octet_range_kernel_list;

/// Runs the units 0 ..< units on the whole team, at least `units_per_task` >= 1 of them at a time.
void octet_range_run(octet_team *team, octet_range_function function, const void *arguments, size_t units,
                     size_t units_per_task);

#ifdef __cplusplus
}
#endif

#endif
