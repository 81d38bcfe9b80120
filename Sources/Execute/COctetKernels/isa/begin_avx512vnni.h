// Everything until isa/end.h is compiled for AVX-512 with VNNI. Tuned for another processor, clang takes vpdpwssd for
// slow and writes vpmaddwd and vpaddd where it stands, which is a fifth slower on those that have it.
#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c,bmi,bmi2,tune=znver4"))),       \
    apply_to = function)
#define OCTET_ISA_SUFFIX avx512vnni
#define OCTET_REGISTER_BYTES 64
#define OCTET_ISA_ROUNDS
