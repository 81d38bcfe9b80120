#include "isa/begin_avx512.h"
#define OCTET_SUM_LANES 16
#define OCTET_VPMADDWD(a, b) _mm512_madd_epi16((__m512i)(a), (__m512i)(b))
#include "isa/quads.h"

#include "depthwise_u8s8s32/depthwise_body.h"

OCTET_DEPTHWISE_KERNEL(octet_depthwise_u8s8s32_64)

#include "isa/end.h"
