#include "isa/begin_avxvnni.h"
#define OCTET_SUM_LANES 8
#define OCTET_VPDPBUSD(sums, quads, weights)                                                                           \
  _mm256_dpbusd_avx_epi32((__m256i)(sums), (__m256i)(quads), (__m256i)(weights))
#include "isa/quads.h"

#include "depthwise_u8s8s32/depthwise_body.h"

OCTET_DEPTHWISE_KERNEL(octet_depthwise_u8s8s32_16)

#include "isa/end.h"
