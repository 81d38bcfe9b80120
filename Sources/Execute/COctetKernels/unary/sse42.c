#include "octet_unary.h"

#include "isa/begin_sse42.h"
#include "unary/generic.h"
#include "isa/end.h"
