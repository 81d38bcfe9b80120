#include "octet_simdjson.h"

#include <charconv>
#include <cmath>
#include <cstring>

namespace {

// The longest texts: -2.2250738585072014e-308, -1.17549435e-38, -9223372036854775808.
constexpr size_t kWidthF64 = 25;
constexpr size_t kWidthF32 = 16;
constexpr size_t kWidthInteger = 21;

char *append(char *text, const char *word) {
  const size_t length = std::strlen(word);
  std::memcpy(text, word, length);
  return text + length;
}

template <typename Number> char *write_number(Number value, octet_non_finite non_finite, char *text) {
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(value)) {
      if (non_finite == OCTET_NON_FINITE_NULL)
        return append(text, "null");
      return append(text, std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
    }
    // Readers that know integers, such as Python's, would drop the sign of -0.
    if (value == 0 && std::signbit(value))
      return append(text, "-0.0");
  }
  return std::to_chars(text, text + kWidthF64, value).ptr;
}

template <typename Number>
size_t write_numbers(octet_non_finite non_finite, const void *elements, size_t count, char *text) {
  const char *source = static_cast<const char *>(elements);
  char *end = text;
  for (size_t index = 0; index < count; ++index) {
    // Elements of a view need not be aligned.
    Number value;
    std::memcpy(&value, source + index * sizeof(Number), sizeof(Number));
    if (index > 0)
      *end++ = ',';
    end = write_number(value, non_finite, end);
  }
  return static_cast<size_t>(end - text);
}

size_t write_booleans(const void *elements, size_t count, char *text) {
  const uint8_t *values = static_cast<const uint8_t *>(elements);
  char *end = text;
  for (size_t index = 0; index < count; ++index) {
    if (index > 0)
      *end++ = ',';
    end = append(end, values[index] ? "true" : "false");
  }
  return static_cast<size_t>(end - text);
}

} // namespace

extern "C" size_t octet_json_number_width(octet_number_type type) {
  switch (type) {
  case OCTET_NUMBER_F64:
    return kWidthF64;
  case OCTET_NUMBER_F32:
    return kWidthF32;
  default:
    return kWidthInteger;
  }
}

extern "C" size_t octet_json_number_size(octet_number_type type) {
  switch (type) {
  case OCTET_NUMBER_F64:
  case OCTET_NUMBER_I64:
  case OCTET_NUMBER_U64:
    return 8;
  case OCTET_NUMBER_F32:
  case OCTET_NUMBER_I32:
  case OCTET_NUMBER_U32:
    return 4;
  case OCTET_NUMBER_I16:
  case OCTET_NUMBER_U16:
    return 2;
  case OCTET_NUMBER_I8:
  case OCTET_NUMBER_U8:
  case OCTET_NUMBER_BOOLEAN:
    return 1;
  }
  return 8;
}

extern "C" size_t octet_json_write_numbers(octet_number_type type, octet_non_finite non_finite, const void *elements,
                                           size_t count, char *text) {
  switch (type) {
  case OCTET_NUMBER_F64:
    return write_numbers<double>(non_finite, elements, count, text);
  case OCTET_NUMBER_F32:
    return write_numbers<float>(non_finite, elements, count, text);
  case OCTET_NUMBER_I64:
    return write_numbers<int64_t>(non_finite, elements, count, text);
  case OCTET_NUMBER_I32:
    return write_numbers<int32_t>(non_finite, elements, count, text);
  case OCTET_NUMBER_I16:
    return write_numbers<int16_t>(non_finite, elements, count, text);
  case OCTET_NUMBER_I8:
    return write_numbers<int8_t>(non_finite, elements, count, text);
  case OCTET_NUMBER_U64:
    return write_numbers<uint64_t>(non_finite, elements, count, text);
  case OCTET_NUMBER_U32:
    return write_numbers<uint32_t>(non_finite, elements, count, text);
  case OCTET_NUMBER_U16:
    return write_numbers<uint16_t>(non_finite, elements, count, text);
  case OCTET_NUMBER_U8:
    return write_numbers<uint8_t>(non_finite, elements, count, text);
  case OCTET_NUMBER_BOOLEAN:
    return write_booleans(elements, count, text);
  }
  return 0;
}
