#include "octet_quantize.h"

#include "isa/begin_scalar.h"
#include "quantize/generic.h"
#include "isa/end.h"
