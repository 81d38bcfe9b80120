// Everything until isa/end.h is compiled for any x86-64. The pragma is only there for end.h to pop.
#pragma clang attribute push(__attribute__((target("sse2"))), apply_to = function)
#define OCTET_ISA_SUFFIX scalar
#define OCTET_REGISTER_BYTES 16
