// Ends what one of the begin_*.h files began.
#pragma clang attribute pop
#undef OCTET_ISA_SUFFIX
#undef OCTET_REGISTER_BYTES
#undef OCTET_ISA_ROUNDS
