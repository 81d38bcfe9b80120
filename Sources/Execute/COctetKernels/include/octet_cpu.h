/// Which instruction sets the kernels may use on this machine.
#ifndef OCTET_CPU_H
#define OCTET_CPU_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Instruction sets that kernels are written for, worst first. Each includes those before it.
typedef enum octet_isa {
  OCTET_ISA_SCALAR = 0,
  OCTET_ISA_SSE42 = 1,
  OCTET_ISA_AVX2 = 2,
  OCTET_ISA_AVXVNNI = 3,
  OCTET_ISA_AVX512 = 4,
  OCTET_ISA_AVX512VNNI = 5,
} octet_isa;

/// Whether this processor and operating system can run `isa`.
bool octet_isa_is_supported(octet_isa isa);

#ifdef __cplusplus
}
#endif

#endif
