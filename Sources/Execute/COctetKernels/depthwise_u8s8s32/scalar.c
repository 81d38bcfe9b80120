#include "isa/begin_scalar.h"
#define OCTET_SUM_LANES 4
#include "isa/quads.h"

#include "depthwise_u8s8s32/depthwise_body.h"

OCTET_DEPTHWISE_KERNEL(octet_depthwise_u8s8s32_16)

#include "isa/end.h"
