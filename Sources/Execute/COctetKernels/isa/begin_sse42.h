// Everything until isa/end.h is compiled for SSE4.2.
#pragma clang attribute push(__attribute__((target("sse4.2,popcnt"))), apply_to = function)
#define OCTET_ISA_SUFFIX sse42
#define OCTET_REGISTER_BYTES 16
#define OCTET_ISA_ROUNDS
