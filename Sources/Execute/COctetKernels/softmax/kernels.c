#include "octet_softmax.h"

#define OCTET_KERNEL_LIST octet_softmax_f32_kernels
#define OCTET_KERNELS "softmax/kernels.def"
#include "isa/kernel_list.h"
