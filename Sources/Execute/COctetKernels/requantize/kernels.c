#include "octet_requantize.h"

#define OCTET_KERNEL_LIST octet_requantize_u8_kernels
#define OCTET_KERNELS "requantize/kernels.def"
#include "isa/kernel_list.h"
