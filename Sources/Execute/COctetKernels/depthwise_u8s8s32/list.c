/// The list of depthwise u8 · s8 → s32 kernels.
#include "octet_depthwise.h"

#define OCTET_DEPTHWISE(isa, function, channels, format) octet_depthwise_function function;
#include "kernels.def"
#undef OCTET_DEPTHWISE

static const octet_depthwise_kernel kernels[] = {
#define OCTET_DEPTHWISE(isa, function, channels, format) {isa, #function, channels, format, function},
#include "kernels.def"
#undef OCTET_DEPTHWISE
};

const octet_depthwise_kernel *octet_depthwise_u8s8s32_kernels(size_t *count) {
  *count = sizeof kernels / sizeof kernels[0];
  return kernels;
}

const octet_depthwise_kernel *octet_depthwise_u8s8s32_select(octet_isa isa) {
  const octet_depthwise_kernel *kernel = kernels;
  while (kernel->isa > isa) {
    kernel++;
  }
  return kernel;
}
