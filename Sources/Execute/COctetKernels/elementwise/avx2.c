#include "octet_elementwise.h"

#include "isa/begin_avx2.h"
#include "elementwise/generic.h"
#include "isa/end.h"
