#include "octet_lookup.h"

#include "isa/begin_avx512.h"
#define OCTET_SHUFFLE_BYTES 64
#include "lookup/shuffle.h"
#include "lookup/generic.h"
#include "isa/end.h"
