#include "octet_normalization.h"

#include "isa/begin_avx512.h"
#include "normalization/generic.h"
#include "isa/end.h"
