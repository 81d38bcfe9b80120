#include "isa/begin_sse42.h"
#define OCTET_SUM_LANES 4
#define OCTET_VPMADDUBSW(quads, weights) _mm_maddubs_epi16((__m128i)(quads), (__m128i)(weights))
#define OCTET_VPMADDWD(a, b) _mm_madd_epi16((__m128i)(a), (__m128i)(b))
#include "isa/quads.h"

#include "benchmark/peak_body.h"

OCTET_PEAK_KERNEL(octet_peak_u8s8s32, QUAD)

#include "isa/end.h"
