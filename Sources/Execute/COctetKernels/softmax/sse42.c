#include "octet_softmax.h"

#include "isa/begin_sse42.h"
#include "softmax/generic.h"
#include "isa/end.h"
