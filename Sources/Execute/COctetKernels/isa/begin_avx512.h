// Everything until isa/end.h is compiled for AVX-512 without VNNI.
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c,bmi,bmi2"))), apply_to = function)
#define OCTET_ISA_SUFFIX avx512
#define OCTET_REGISTER_BYTES 64
#define OCTET_ISA_ROUNDS
