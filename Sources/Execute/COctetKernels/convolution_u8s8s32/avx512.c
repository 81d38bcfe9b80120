#include "isa/begin_avx512.h"
#define OCTET_SUM_LANES 16
#define OCTET_VPMADDWD(a, b) _mm512_madd_epi16((__m512i)(a), (__m512i)(b))
#include "isa/quads.h"

#define OCTET_FAST_PRODUCT_PASS_ROWS 8
#define OCTET_FAST_PRODUCT_PASS_VECTORS 1
#include "convolution/fast_product_body.h"

OCTET_FAST_PRODUCT_KERNEL(octet_convolution_u8s8s32_16x16)

#include "isa/end.h"
