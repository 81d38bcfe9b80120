/// Makes the list of one family's dot kernels from its kernels.def: declares each, then tabulates them.
/// Before including it, define OCTET_DOT_KERNEL_LIST, the function to make, and OCTET_DOT_KERNELS, the file of
/// OCTET_DOT lines.
#include "octet_dot.h"

#define OCTET_DOT(isa, function, rows, late_rows, channels, format)                                                    \
  octet_dot_function function;                                                                                         \
  _Static_assert((rows) <= OCTET_TILE_ROWS && (rows) * (channels) <= OCTET_TILE_SUMS, "the tile has no room");         \
  _Static_assert((late_rows) == 0 || OCTET_TILE_ROWS * (channels) <= OCTET_TILE_SUMS, "the tile has no room");
#include OCTET_DOT_KERNELS
#undef OCTET_DOT

octet_dot_kernel_list OCTET_DOT_KERNEL_LIST(void) {
  static const octet_dot_kernel kernels[] = {
#define OCTET_DOT(isa, function, rows, late_rows, channels, format)                                                    \
  {isa, #function, rows, late_rows, channels, format, function},
#include OCTET_DOT_KERNELS
#undef OCTET_DOT
  };
  return (octet_dot_kernel_list){kernels, sizeof kernels / sizeof kernels[0]};
}
