#include "isa/begin_avx512.h"
#define OCTET_SUM_LANES 16
#define OCTET_FUSED
#include "isa/floats.h"

#include "convolution/dot_body.h"

OCTET_DOT_KERNEL(octet_convolution_f32_6x64, 6, 64)
OCTET_DOT_KERNEL(octet_convolution_f32_8x48, 8, 48)
OCTET_DOT_KERNEL(octet_convolution_f32_12x32, 12, 32)
OCTET_DOT_KERNEL(octet_convolution_f32_14x16, 14, 16)

#include "isa/end.h"
