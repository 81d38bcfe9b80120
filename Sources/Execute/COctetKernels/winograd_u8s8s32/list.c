/// The list of kernels that convolve by tiles.
#include "octet_winograd.h"

#define OCTET_WINOGRAD(isa, function, ...) octet_winograd_function function;
#include "kernels.def"
#undef OCTET_WINOGRAD

static const octet_winograd_kernel kernels[] = {
#define OCTET_WINOGRAD(isa, function, format, ...) {isa, #function, function, OCTET_WINOGRAD_##format, {__VA_ARGS__}},
#include "kernels.def"
#undef OCTET_WINOGRAD
};

enum { KERNEL_COUNT = sizeof kernels / sizeof kernels[0] };

const octet_winograd_kernel *octet_winograd_u8s8s32_kernels(size_t *count) {
  *count = KERNEL_COUNT;
  return kernels;
}

const octet_winograd_kernel *octet_winograd_u8s8s32_select(octet_isa isa) {
  for (const octet_winograd_kernel *kernel = kernels; kernel < kernels + KERNEL_COUNT; kernel++) {
    if (kernel->isa == isa) {
      return kernel;
    }
  }
  return NULL;
}
