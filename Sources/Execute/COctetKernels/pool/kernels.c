#include "octet_pool.h"

#define OCTET_KERNEL_LIST octet_pool_kernels
#define OCTET_KERNELS "pool/kernels.def"
#include "isa/kernel_list.h"
