#include "octet_requantize.h"

#include "isa/begin_avx512.h"
#include "requantize/generic.h"
#include "isa/end.h"
