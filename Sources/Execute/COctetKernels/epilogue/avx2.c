#include "isa/begin_avx2.h"
#include "epilogue/epilogue_body.h"
#include "isa/end.h"
