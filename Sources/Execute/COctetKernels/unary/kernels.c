#include "octet_unary.h"

#define OCTET_KERNEL_LIST octet_unary_f32_kernels
#define OCTET_KERNELS "unary/kernels.def"
#include "isa/kernel_list.h"
