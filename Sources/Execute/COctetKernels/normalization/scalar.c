#include "octet_normalization.h"

#include "isa/begin_scalar.h"
#include "normalization/generic.h"
#include "isa/end.h"
