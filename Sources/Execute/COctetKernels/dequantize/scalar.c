#include "octet_dequantize.h"

#include "isa/begin_scalar.h"
#include "dequantize/generic.h"
#include "isa/end.h"
