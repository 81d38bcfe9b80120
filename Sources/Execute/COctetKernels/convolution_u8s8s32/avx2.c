#include "isa/begin_avx2.h"
#define OCTET_SUM_LANES 8
#define OCTET_VPMADDWD(a, b) _mm256_madd_epi16((__m256i)(a), (__m256i)(b))
#include "isa/quads.h"

#include "convolution/dot_body.h"

OCTET_DOT_KERNEL(octet_convolution_u8s8s32_4x16, 4, 16)

#include "isa/end.h"
