#include "octet_resample.h"

#include "isa/begin_avx512.h"
#include "resample/generic.h"
#include "isa/end.h"
