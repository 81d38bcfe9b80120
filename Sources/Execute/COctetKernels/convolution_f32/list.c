#define OCTET_DOT_KERNEL_LIST octet_convolution_f32_kernels
#define OCTET_DOT_KERNELS "convolution_f32/kernels.def"
#include "isa/dot_kernel_list.h"
