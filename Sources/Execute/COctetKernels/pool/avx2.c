#include "octet_pool.h"

#include "isa/begin_avx2.h"
#include "pool/generic.h"
#include "isa/end.h"
