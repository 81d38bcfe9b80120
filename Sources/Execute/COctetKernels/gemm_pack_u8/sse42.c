#include "octet_gemm.h"

#include "isa/begin_sse42.h"
#include "gemm_pack_u8/generic.h"
#include "isa/end.h"
