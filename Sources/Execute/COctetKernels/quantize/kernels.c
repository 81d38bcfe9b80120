#include "octet_quantize.h"

#define OCTET_KERNEL_LIST octet_quantize_f32_kernels
#define OCTET_KERNELS "quantize/kernels.def"
#include "isa/kernel_list.h"
