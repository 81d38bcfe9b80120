/// Makes the list of one family's kernels from its kernels.def: declares each, then tabulates them.
/// Before including it, define OCTET_KERNEL_LIST, the function to make, and OCTET_KERNELS, the file of OCTET_KERNEL
/// lines.
#include "octet_range.h"

#define OCTET_KERNEL(isa, function) void function(const void *arguments, size_t begin, size_t end);
#include OCTET_KERNELS
#undef OCTET_KERNEL

octet_range_kernel_list OCTET_KERNEL_LIST(void) {
  static const octet_range_kernel kernels[] = {
#define OCTET_KERNEL(isa, function) {isa, #function, function},
#include OCTET_KERNELS
#undef OCTET_KERNEL
  };
  return (octet_range_kernel_list){kernels, sizeof kernels / sizeof kernels[0]};
}
