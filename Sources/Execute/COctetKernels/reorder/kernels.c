#include "octet_reorder.h"

#define OCTET_KERNEL_LIST octet_reorder_kernels
#define OCTET_KERNELS "reorder/kernels.def"
#include "isa/kernel_list.h"
