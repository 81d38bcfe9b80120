#include "isa/begin_avx512vnni.h"
#define OCTET_SUM_LANES 16
#define OCTET_VPDPBUSD(sums, quads, weights) _mm512_dpbusd_epi32((__m512i)(sums), (__m512i)(quads), (__m512i)(weights))
#include "isa/quads.h"

#include "convolution/late_dot_body.h"

// Up to 24 of 32 registers hold sums, of as many rows or of two tiles. Narrow panels have more rows, or each load of
// weights would serve too few.
OCTET_LATE_DOT_KERNEL(octet_convolution_u8s8s32_6x64, 6, 3, 64)
OCTET_LATE_DOT_KERNEL(octet_convolution_u8s8s32_4x48, 4, 4, 48)
OCTET_LATE_DOT_KERNEL(octet_convolution_u8s8s32_6x32, 6, 6, 32)
OCTET_LATE_DOT_KERNEL(octet_convolution_u8s8s32_8x16, 8, 8, 16)

#include "isa/end.h"
