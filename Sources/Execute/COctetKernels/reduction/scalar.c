#include "octet_reduction.h"

#include "isa/begin_scalar.h"
#include "reduction/generic.h"
#include "isa/end.h"
