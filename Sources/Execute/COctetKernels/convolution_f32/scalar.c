#include "isa/begin_scalar.h"
#define OCTET_SUM_LANES 4
#include "isa/floats.h"

#include "convolution/dot_body.h"

OCTET_DOT_KERNEL(octet_convolution_f32_4x16, 4, 16)

#include "isa/end.h"
