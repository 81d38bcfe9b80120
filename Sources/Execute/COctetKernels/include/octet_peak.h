/// The multiply-accumulate peak of one core: what the kernels of an instruction set are measured against.
#ifndef OCTET_PEAK_H
#define OCTET_PEAK_H

#include <stddef.h>

#include "octet_cpu.h"
#include "octet_element.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Multiplies and adds `rounds` times in registers, up to 2^24 times, and returns how many products that were.
typedef size_t octet_peak_function(size_t rounds);

typedef struct octet_peak_kernel {
  octet_isa isa;
  /// What is multiplied: u8 by s8, or f32 by f32.
  octet_element element;
  /// The instructions that make one step.
  const char *instructions;
  octet_peak_function *function;
} octet_peak_kernel;

/// The best for this instruction set; NULL for plain loops, which have no instruction to be measured against.
const octet_peak_kernel *octet_peak_select(octet_isa isa, octet_element element);

#ifdef __cplusplus
}
#endif

#endif
