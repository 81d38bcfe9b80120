#include "octet_gemm.h"

#include "isa/begin_scalar.h"
#include "gemm_pack_u8/generic.h"
#include "isa/end.h"
