#include "isa/begin_avx2.h"
#define OCTET_SUM_LANES 8
#define OCTET_VPMADDUBSW(quads, weights) _mm256_maddubs_epi16((__m256i)(quads), (__m256i)(weights))
#define OCTET_VPMADDWD(a, b) _mm256_madd_epi16((__m256i)(a), (__m256i)(b))
#include "isa/quads.h"

#include "benchmark/peak_body.h"

OCTET_PEAK_KERNEL(octet_peak_u8s8s32, QUAD)

#include "isa/end.h"
