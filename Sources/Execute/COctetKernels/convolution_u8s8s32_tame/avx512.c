#include "isa/begin_avx512.h"
#define OCTET_SUM_LANES 16
#define OCTET_VPMADDUBSW(quads, weights) _mm512_maddubs_epi16((__m512i)(quads), (__m512i)(weights))
#define OCTET_VPMADDWD(a, b) _mm512_madd_epi16((__m512i)(a), (__m512i)(b))
#include "isa/quads.h"

#include "convolution/dot_body.h"

OCTET_DOT_KERNEL(octet_convolution_u8s8s32_tame_6x64, 6, 64)
OCTET_DOT_KERNEL(octet_convolution_u8s8s32_tame_8x48, 8, 48)
OCTET_DOT_KERNEL(octet_convolution_u8s8s32_tame_12x32, 12, 32)
OCTET_DOT_KERNEL(octet_convolution_u8s8s32_tame_14x16, 14, 16)

#include "isa/end.h"
