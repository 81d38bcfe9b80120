// Everything until isa/end.h is compiled for SSE4.2.
#pragma clang attribute push(__attribute__((target("sse4.2,popcnt"))), apply_to = function)
#define OCTET_ISA_SUFFIX sse42
