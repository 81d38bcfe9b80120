#include "isa/begin_avx2.h"
#define OCTET_SUM_LANES 8
#define OCTET_FUSED
#include "isa/floats.h"

#include "convolution/dot_body.h"

OCTET_DOT_KERNEL(octet_convolution_f32_6x16, 6, 16)
OCTET_DOT_KERNEL(octet_convolution_f32_12x8, 12, 8)

#include "isa/end.h"
