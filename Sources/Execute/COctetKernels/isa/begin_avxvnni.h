// Everything until isa/end.h is compiled for AVX2 with 256-bit VNNI.
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2,avxvnni"))), apply_to = function)
#define OCTET_ISA_SUFFIX avxvnni
#define OCTET_REGISTER_BYTES 32
#define OCTET_ISA_ROUNDS
