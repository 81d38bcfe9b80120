#include "octet_recurrence.h"

#include "isa/begin_sse42.h"
#include "recurrence/generic.h"
#include "isa/end.h"
