#include "octet_resample.h"

#define OCTET_KERNEL_LIST octet_resample_kernels
#define OCTET_KERNELS "resample/kernels.def"
#include "isa/kernel_list.h"
