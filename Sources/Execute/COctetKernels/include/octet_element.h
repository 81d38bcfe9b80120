/// The element types that kernels read and write beside weights and sums.
#ifndef OCTET_ELEMENT_H
#define OCTET_ELEMENT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum octet_element {
  OCTET_ELEMENT_U8,
  OCTET_ELEMENT_I8,
  OCTET_ELEMENT_F32,
} octet_element;

/// The bytes of one element.
static inline size_t octet_element_bytes(octet_element type) { return type == OCTET_ELEMENT_F32 ? 4 : 1; }

#ifdef __cplusplus
}
#endif

#endif
