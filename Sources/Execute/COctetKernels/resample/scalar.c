#include "octet_resample.h"

#include "isa/begin_scalar.h"
#include "resample/generic.h"
#include "isa/end.h"
