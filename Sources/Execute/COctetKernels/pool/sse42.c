#include "octet_pool.h"

#include "isa/begin_sse42.h"
#include "pool/generic.h"
#include "isa/end.h"
