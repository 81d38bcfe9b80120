#define OCTET_DOT_KERNEL_LIST octet_convolution_u8s8s32_tame_kernels
#define OCTET_DOT_KERNELS "convolution_u8s8s32_tame/kernels.def"
#include "isa/dot_kernel_list.h"
