#include "octet_reorder.h"

#include "isa/begin_scalar.h"
#include "reorder/generic.h"
#include "isa/end.h"
