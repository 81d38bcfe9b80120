/// OCTET_KERNEL_NAME(octet_softmax_f32) gives octet_softmax_f32__avx2 between begin_avx2.h and end.h, so that one
/// generic body makes a kernel per instruction set.
#ifndef OCTET_ISA_NAME_H
#define OCTET_ISA_NAME_H

#define OCTET_CONCATENATE_(a, b) a##__##b
#define OCTET_CONCATENATE(a, b) OCTET_CONCATENATE_(a, b)
#define OCTET_KERNEL_NAME(base) OCTET_CONCATENATE(base, OCTET_ISA_SUFFIX)

#endif
