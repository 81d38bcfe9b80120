#include "octet_gemm.h"

#include "isa/begin_avx2.h"
#include "gemm_pack_u8/generic.h"
#include "isa/end.h"
