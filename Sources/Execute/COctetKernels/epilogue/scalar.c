#include "isa/begin_scalar.h"
#include "epilogue/epilogue_body.h"
#include "isa/end.h"
