/// Elements of any of the types that simple kernels read, as sixteen lanes of f32.
#ifndef OCTET_ISA_ELEMENTS_H
#define OCTET_ISA_ELEMENTS_H

#include "isa/vector.h"
#include "octet_element.h"

/// The sixteen elements from `index` on.
OCTET_INLINE f32x16 load_elements(const uint8_t *from, size_t index, octet_element type) {
  switch (type) {
  case OCTET_ELEMENT_U8:
    return f32_of_u8(load_u8(from + index));
  case OCTET_ELEMENT_I8:
    return f32_of_i8(load_u8(from + index));
  case OCTET_ELEMENT_F32:
    break;
  }
  return load_f32((const float *)from + index);
}

#endif
