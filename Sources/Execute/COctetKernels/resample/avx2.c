#include "octet_resample.h"

#include "isa/begin_avx2.h"
#include "resample/generic.h"
#include "isa/end.h"
