#include "isa/begin_avx512vnni.h"
#define OCTET_SUM_LANES 16
#define OCTET_VPDPBUSD(sums, quads, weights) _mm512_dpbusd_epi32((__m512i)(sums), (__m512i)(quads), (__m512i)(weights))
#include "isa/quads.h"

#include "benchmark/peak_body.h"

OCTET_PEAK_KERNEL(octet_peak_u8s8s32, QUAD)

#include "isa/end.h"
