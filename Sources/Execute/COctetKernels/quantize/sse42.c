#include "octet_quantize.h"

#include "isa/begin_sse42.h"
#include "quantize/generic.h"
#include "isa/end.h"
