#include "isa/begin_sse42.h"
#define OCTET_SUM_LANES 4
#define OCTET_VPMADDUBSW(quads, weights) _mm_maddubs_epi16((__m128i)(quads), (__m128i)(weights))
#define OCTET_VPMADDWD(a, b) _mm_madd_epi16((__m128i)(a), (__m128i)(b))
#include "isa/quads.h"

#include "convolution/dot_body.h"

OCTET_DOT_KERNEL(octet_convolution_u8s8s32_tame_2x16, 2, 16)

#include "isa/end.h"
