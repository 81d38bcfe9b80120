#include "octet_gemm.h"

#define OCTET_KERNEL_LIST octet_gemm_pack_u8_kernels
#define OCTET_KERNELS "gemm_pack_u8/kernels.def"
#include "isa/kernel_list.h"
