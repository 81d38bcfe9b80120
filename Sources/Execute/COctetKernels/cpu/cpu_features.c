/// Detects instruction sets by cpuid, and by xgetbv what the operating system saves across a context switch.
#include "octet_cpu.h"

#include <cpuid.h>
#include <stddef.h>

typedef struct {
  unsigned eax, ebx, ecx, edx;
} cpuid_registers;

static cpuid_registers cpuid(unsigned leaf, unsigned subleaf) {
  cpuid_registers r = {0, 0, 0, 0};
  if (!__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx)) {
    r = (cpuid_registers){0, 0, 0, 0};
  }
  return r;
}

static uint64_t saved_register_state(void) {
  const unsigned osxsave = 1u << 27;
  if (!(cpuid(1, 0).ecx & osxsave)) {
    return 0;
  }
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((uint64_t)high << 32) | low;
}

static bool has_all(unsigned value, unsigned bits) { return (value & bits) == bits; }

bool octet_isa_is_supported(octet_isa isa) {
  const uint64_t ymm = 0x06, zmm = 0xE6;
  const unsigned ssse3_sse41_sse42_popcnt = 1u << 9 | 1u << 19 | 1u << 20 | 1u << 23;
  const unsigned fma_avx_f16c = 1u << 12 | 1u << 28 | 1u << 29;
  const unsigned avx2_bmi = 1u << 3 | 1u << 5 | 1u << 8;
  const unsigned avx512_f_dq_bw_vl = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
  const unsigned avx512_vnni = 1u << 11, avx_vnni = 1u << 4;

  const cpuid_registers leaf1 = cpuid(1, 0), leaf7 = cpuid(7, 0);
  const uint64_t saved = saved_register_state();
  const bool sse42 = has_all(leaf1.ecx, ssse3_sse41_sse42_popcnt);
  const bool avx2 =
      sse42 && (saved & ymm) == ymm && has_all(leaf1.ecx, fma_avx_f16c) && has_all(leaf7.ebx, avx2_bmi);
  const bool avx512 = avx2 && (saved & zmm) == zmm && has_all(leaf7.ebx, avx512_f_dq_bw_vl);

  switch (isa) {
  case OCTET_ISA_SCALAR: return true;
  case OCTET_ISA_SSE42: return sse42;
  case OCTET_ISA_AVX2: return avx2;
  case OCTET_ISA_AVXVNNI: return avx2 && has_all(cpuid(7, 1).eax, avx_vnni);
  case OCTET_ISA_AVX512: return avx512;
  case OCTET_ISA_AVX512VNNI: return avx512 && has_all(leaf7.ecx, avx512_vnni);
  }
  return false;
}
