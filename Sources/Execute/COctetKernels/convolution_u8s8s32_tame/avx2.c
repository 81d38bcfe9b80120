#include "isa/begin_avx2.h"
#define OCTET_SUM_LANES 8
#define OCTET_VPMADDUBSW(quads, weights) _mm256_maddubs_epi16((__m256i)(quads), (__m256i)(weights))
#define OCTET_VPMADDWD(a, b) _mm256_madd_epi16((__m256i)(a), (__m256i)(b))
#include "isa/quads.h"

#include "convolution/dot_body.h"

OCTET_DOT_KERNEL(octet_convolution_u8s8s32_tame_6x16, 6, 16)

#include "isa/end.h"
