#include "octet_requantize.h"

#include "isa/begin_sse42.h"
#include "requantize/generic.h"
#include "isa/end.h"
