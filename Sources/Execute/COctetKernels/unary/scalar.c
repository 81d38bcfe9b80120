#include "octet_unary.h"

#include "isa/begin_scalar.h"
#include "unary/generic.h"
#include "isa/end.h"
