#include "isa/begin_avx512vnni.h"
#define OCTET_SUM_LANES 16
#define OCTET_VPMADDWD(a, b) _mm512_madd_epi16((__m512i)(a), (__m512i)(b))
#define OCTET_VPDPWSSD(sums, a, b) _mm512_dpwssd_epi32((__m512i)(sums), (__m512i)(a), (__m512i)(b))
#include "isa/quads.h"

#define OCTET_WINOGRAD_ROWS 8
#include "winograd_u8s8s32/winograd_body.h"

OCTET_WINOGRAD_KERNEL(octet_winograd_u8s8s32)

#include "isa/end.h"
