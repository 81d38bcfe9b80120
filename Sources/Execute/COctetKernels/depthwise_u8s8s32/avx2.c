#include "isa/begin_avx2.h"
#define OCTET_SUM_LANES 8
#define OCTET_VPMADDWD(a, b) _mm256_madd_epi16((__m256i)(a), (__m256i)(b))
#include "isa/quads.h"

#include "depthwise_u8s8s32/depthwise_body.h"

OCTET_DEPTHWISE_KERNEL(octet_depthwise_u8s8s32_16)

#include "isa/end.h"
