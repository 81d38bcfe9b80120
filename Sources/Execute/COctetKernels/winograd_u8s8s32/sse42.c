#include "isa/begin_sse42.h"
#define OCTET_SUM_LANES 4
#define OCTET_VPMADDWD(a, b) _mm_madd_epi16((__m128i)(a), (__m128i)(b))
#include "isa/quads.h"

#define OCTET_WINOGRAD_ROWS 3
#include "winograd_u8s8s32/winograd_body.h"

OCTET_WINOGRAD_KERNEL(octet_winograd_u8s8s32)

#include "isa/end.h"
