#include "octet_normalization.h"

#include "isa/begin_sse42.h"
#include "normalization/generic.h"
#include "isa/end.h"
