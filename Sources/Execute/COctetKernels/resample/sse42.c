#include "octet_resample.h"

#include "isa/begin_sse42.h"
#include "resample/generic.h"
#include "isa/end.h"
