#include "isa/begin_sse42.h"
#define OCTET_SUM_LANES 4
#define OCTET_VPMADDWD(a, b) _mm_madd_epi16((__m128i)(a), (__m128i)(b))
#include "isa/quads.h"

#include "depthwise_u8s8s32/depthwise_body.h"

OCTET_DEPTHWISE_KERNEL(octet_depthwise_u8s8s32_16)

#include "isa/end.h"
