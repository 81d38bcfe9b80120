#include "octet_elementwise.h"

#define OCTET_KERNEL_LIST octet_elementwise_kernels
#define OCTET_KERNELS "elementwise/kernels.def"
#include "isa/kernel_list.h"
