#include "octet_recurrence.h"

#include "isa/begin_scalar.h"
#include "recurrence/generic.h"
#include "isa/end.h"
