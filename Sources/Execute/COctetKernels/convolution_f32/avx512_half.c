// Half registers, so that few channels do not leave lanes idle: some processors add two of these per cycle.
#include "isa/begin_avx512.h"
#define OCTET_SUM_LANES 8
#define OCTET_FUSED
#include "isa/floats.h"

#include "convolution/dot_body.h"

OCTET_DOT_KERNEL(octet_convolution_f32_14x8, 14, 8)

#include "isa/end.h"
