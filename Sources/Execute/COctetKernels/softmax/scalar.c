#include "octet_softmax.h"

#include "isa/begin_scalar.h"
#include "softmax/generic.h"
#include "isa/end.h"
