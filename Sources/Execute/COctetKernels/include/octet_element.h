/// The element types that the simple kernels read and write.
#ifndef OCTET_ELEMENT_H
#define OCTET_ELEMENT_H

typedef enum octet_element {
  OCTET_ELEMENT_U8,
  OCTET_ELEMENT_I8,
  OCTET_ELEMENT_F32,
} octet_element;

#endif
