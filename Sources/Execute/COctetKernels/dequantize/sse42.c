#include "octet_dequantize.h"

#include "isa/begin_sse42.h"
#include "dequantize/generic.h"
#include "isa/end.h"
