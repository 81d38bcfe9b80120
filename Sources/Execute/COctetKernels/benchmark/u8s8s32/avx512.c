#include "isa/begin_avx512.h"
#define OCTET_SUM_LANES 16
#define OCTET_VPMADDUBSW(quads, weights) _mm512_maddubs_epi16((__m512i)(quads), (__m512i)(weights))
#define OCTET_VPMADDWD(a, b) _mm512_madd_epi16((__m512i)(a), (__m512i)(b))
#include "isa/quads.h"

#include "benchmark/peak_body.h"

OCTET_PEAK_KERNEL(octet_peak_u8s8s32, QUAD)

#include "isa/end.h"
