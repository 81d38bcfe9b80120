#include "octet_depthwise_f32.h"

#include "isa/begin_avx512.h"
#define OCTET_FUSED
#include "depthwise_f32/generic.h"
#include "isa/end.h"
