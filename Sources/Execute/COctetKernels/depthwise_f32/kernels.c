#include "octet_depthwise_f32.h"

#define OCTET_KERNEL_LIST octet_depthwise_f32_kernels
#define OCTET_KERNELS "depthwise_f32/kernels.def"
#include "isa/kernel_list.h"
