#include "isa/begin_sse42.h"
#define OCTET_SUM_LANES 4
#include "isa/floats.h"

#include "convolution/dot_body.h"

OCTET_DOT_KERNEL(octet_convolution_f32_2x16, 2, 16)
OCTET_DOT_KERNEL(octet_convolution_f32_5x8, 5, 8)

#include "isa/end.h"
