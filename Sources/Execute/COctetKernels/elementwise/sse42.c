#include "octet_elementwise.h"

#include "isa/begin_sse42.h"
#include "elementwise/generic.h"
#include "isa/end.h"
