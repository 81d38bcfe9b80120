#include "octet_normalization.h"

#define OCTET_KERNEL_LIST octet_normalization_f32_kernels
#define OCTET_KERNELS "normalization/kernels.def"
#include "isa/kernel_list.h"
