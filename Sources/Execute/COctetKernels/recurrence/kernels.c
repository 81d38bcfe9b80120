#include "octet_recurrence.h"

#define OCTET_KERNEL_LIST octet_recurrence_f32_kernels
#define OCTET_KERNELS "recurrence/kernels.def"
#include "isa/kernel_list.h"
