#include "octet_softmax.h"

#include "isa/begin_avx2.h"
#include "softmax/generic.h"
#include "isa/end.h"
