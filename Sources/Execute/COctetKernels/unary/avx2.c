#include "octet_unary.h"

#include "isa/begin_avx2.h"
#include "unary/generic.h"
#include "isa/end.h"
