#include "octet_pool.h"

#include "isa/begin_scalar.h"
#include "pool/generic.h"
#include "isa/end.h"
