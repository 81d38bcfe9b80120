#include "isa/begin_avx512vnni.h"
#define OCTET_SUM_LANES 16
#define OCTET_VPDPBUSD(sums, quads, weights) _mm512_dpbusd_epi32((__m512i)(sums), (__m512i)(quads), (__m512i)(weights))
#include "isa/quads.h"

#include "convolution/dot_body.h"

// Up to 28 of 32 registers hold sums. Narrow panels have more rows, or each load of weights would serve too few.
OCTET_DOT_KERNEL(octet_convolution_u8s8s32_6x64, 6, 64)
OCTET_DOT_KERNEL(octet_convolution_u8s8s32_8x48, 8, 48)
OCTET_DOT_KERNEL(octet_convolution_u8s8s32_12x32, 12, 32)
OCTET_DOT_KERNEL(octet_convolution_u8s8s32_14x16, 14, 16)

#include "isa/end.h"
