/// The list of epilogue kernels.
#include "octet_epilogue.h"

#define OCTET_EPILOGUE(isa, function) octet_epilogue_function function;
#include "kernels.def"
#undef OCTET_EPILOGUE

static const octet_epilogue_kernel kernels[] = {
#define OCTET_EPILOGUE(isa, function) {isa, #function, function},
#include "kernels.def"
#undef OCTET_EPILOGUE
};

enum { KERNEL_COUNT = sizeof kernels / sizeof kernels[0] };

const octet_epilogue_kernel *octet_epilogue_kernels(size_t *count) {
  *count = KERNEL_COUNT;
  return kernels;
}

const octet_epilogue_kernel *octet_epilogue_select(octet_isa isa) {
  const octet_epilogue_kernel *kernel = kernels;
  while (kernel->isa > isa) {
    kernel++;
  }
  return kernel;
}
