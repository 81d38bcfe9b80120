#include "octet_recurrence.h"

#include "isa/begin_avx512.h"
#define OCTET_FUSED
#include "recurrence/generic.h"
#include "isa/end.h"
