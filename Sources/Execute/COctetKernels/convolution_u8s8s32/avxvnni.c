#include "isa/begin_avxvnni.h"
#define OCTET_SUM_LANES 8
#define OCTET_VPDPBUSD(sums, quads, weights)                                                                           \
  _mm256_dpbusd_avx_epi32((__m256i)(sums), (__m256i)(quads), (__m256i)(weights))
#include "isa/quads.h"

#include "convolution/dot_body.h"

OCTET_DOT_KERNEL(octet_convolution_u8s8s32_6x16, 6, 16)

#include "isa/end.h"
