// Everything until isa/end.h is compiled for AVX2.
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2"))), apply_to = function)
#define OCTET_ISA_SUFFIX avx2
#define OCTET_REGISTER_BYTES 32
#define OCTET_ISA_ROUNDS
