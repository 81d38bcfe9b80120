#include "octet_lookup.h"

#include "isa/begin_avx2.h"
#define OCTET_SHUFFLE_BYTES 32
#include "lookup/shuffle.h"
#include "lookup/generic.h"
#include "isa/end.h"
