#include "octet_dequantize.h"

#define OCTET_KERNEL_LIST octet_dequantize_f32_kernels
#define OCTET_KERNELS "dequantize/kernels.def"
#include "isa/kernel_list.h"
