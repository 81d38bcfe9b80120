#include "octet_dequantize.h"

#include "isa/begin_avx2.h"
#include "dequantize/generic.h"
#include "isa/end.h"
