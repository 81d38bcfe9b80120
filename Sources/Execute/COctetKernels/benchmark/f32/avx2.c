#include "isa/begin_avx2.h"
#define OCTET_SUM_LANES 8
#define OCTET_FUSED
#include "isa/floats.h"

#include "benchmark/peak_body.h"

OCTET_PEAK_KERNEL(octet_peak_f32, 1)

#include "isa/end.h"
