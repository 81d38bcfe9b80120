#include "isa/begin_avxvnni.h"
#define OCTET_SUM_LANES 8
#define OCTET_VPDPBUSD(sums, quads, weights)                                                                           \
  _mm256_dpbusd_avx_epi32((__m256i)(sums), (__m256i)(quads), (__m256i)(weights))
#include "isa/quads.h"

#include "benchmark/peak_body.h"

OCTET_PEAK_KERNEL(octet_peak_u8s8s32, QUAD)

#include "isa/end.h"
