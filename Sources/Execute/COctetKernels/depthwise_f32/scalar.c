#include "octet_depthwise_f32.h"

#include "isa/begin_scalar.h"
#include "depthwise_f32/generic.h"
#include "isa/end.h"
