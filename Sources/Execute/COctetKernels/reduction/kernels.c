#include "octet_reduction.h"

#define OCTET_KERNEL_LIST octet_reduction_f32_kernels
#define OCTET_KERNELS "reduction/kernels.def"
#include "isa/kernel_list.h"
