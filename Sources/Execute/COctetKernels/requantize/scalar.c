#include "octet_requantize.h"

#include "isa/begin_scalar.h"
#include "requantize/generic.h"
#include "isa/end.h"
