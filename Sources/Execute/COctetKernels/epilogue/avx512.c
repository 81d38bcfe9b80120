#include "isa/begin_avx512.h"
#include "epilogue/epilogue_body.h"
#include "isa/end.h"
