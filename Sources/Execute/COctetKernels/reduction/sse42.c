#include "octet_reduction.h"

#include "isa/begin_sse42.h"
#include "reduction/generic.h"
#include "isa/end.h"
