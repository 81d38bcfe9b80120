#include "isa/begin_sse42.h"
#include "epilogue/epilogue_body.h"
#include "isa/end.h"
