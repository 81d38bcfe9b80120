#include "octet_quantize.h"

#include "isa/begin_avx512.h"
#include "quantize/generic.h"
#include "isa/end.h"
