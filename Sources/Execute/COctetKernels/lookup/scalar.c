#include "octet_lookup.h"

#include "isa/begin_scalar.h"
#include "lookup/generic.h"
#include "isa/end.h"
