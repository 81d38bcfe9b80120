#include "isa/begin_avx2.h"
#define OCTET_SUM_LANES 8
#define OCTET_VPMADDWD(a, b) _mm256_madd_epi16((__m256i)(a), (__m256i)(b))
#include "isa/quads.h"

#define OCTET_FAST_PRODUCT_PASS_ROWS 4
#define OCTET_FAST_PRODUCT_PASS_VECTORS 2
#include "convolution/fast_product_body.h"

OCTET_FAST_PRODUCT_KERNEL(octet_convolution_u8s8s32_8x16)

#include "isa/end.h"
