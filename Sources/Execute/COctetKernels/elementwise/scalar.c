#include "octet_elementwise.h"

#include "isa/begin_scalar.h"
#include "elementwise/generic.h"
#include "isa/end.h"
