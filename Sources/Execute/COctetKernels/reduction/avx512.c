#include "octet_reduction.h"

#include "isa/begin_avx512.h"
#include "reduction/generic.h"
#include "isa/end.h"
