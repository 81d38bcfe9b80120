/// The list of peaks.
#include "octet_peak.h"

#define OCTET_PEAK(isa, element, function, instructions) octet_peak_function function;
#include "kernels.def"
#undef OCTET_PEAK

static const octet_peak_kernel kernels[] = {
#define OCTET_PEAK(isa, element, function, instructions) {isa, element, instructions, function},
#include "kernels.def"
#undef OCTET_PEAK
};

enum { KERNEL_COUNT = sizeof kernels / sizeof kernels[0] };

const octet_peak_kernel *octet_peak_select(octet_isa isa, octet_element element) {
  for (size_t i = 0; i < KERNEL_COUNT; i++) {
    if (kernels[i].element == element && kernels[i].isa <= isa) {
      return &kernels[i];
    }
  }
  return NULL;
}
