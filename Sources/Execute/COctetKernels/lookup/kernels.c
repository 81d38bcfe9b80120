#include "octet_lookup.h"

#define OCTET_KERNEL_LIST octet_lookup_u8_kernels
#define OCTET_KERNELS "lookup/kernels.def"
#include "isa/kernel_list.h"
