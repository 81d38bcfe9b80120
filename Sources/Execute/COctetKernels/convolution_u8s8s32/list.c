/// The list of u8 · s8 → s32 kernels.
#include "octet_dot.h"

#define OCTET_DOT(isa, function, rows, channels, format) octet_dot_function function;
#include "kernels.def"
#undef OCTET_DOT

octet_dot_kernel_list octet_convolution_u8s8s32_kernels(void) {
  static const octet_dot_kernel kernels[] = {
#define OCTET_DOT(isa, function, rows, channels, format) {isa, #function, rows, channels, format, function},
#include "kernels.def"
#undef OCTET_DOT
  };
  return (octet_dot_kernel_list){kernels, sizeof kernels / sizeof kernels[0]};
}
