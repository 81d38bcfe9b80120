#include "isa/begin_avx2.h"
#define OCTET_SUM_LANES 8
#define OCTET_VPMADDWD(a, b) _mm256_madd_epi16((__m256i)(a), (__m256i)(b))
#include "isa/quads.h"

#define OCTET_WINOGRAD_ROWS 6
#include "winograd_u8s8s32/winograd_body.h"

OCTET_WINOGRAD_KERNEL(octet_winograd_u8s8s32)

#include "isa/end.h"
