#pragma once

#include "octet_simdjson.h"

#include <cmath>
#include <limits>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>

namespace octet {

using simdjson::error_code;
using simdjson::ondemand::array;
using simdjson::ondemand::value;

// The token at the start of `rest`, without what follows it, and short enough for a message.
inline std::string excerpt(std::string_view rest) {
  constexpr size_t kLongest = 32;
  const size_t end = rest.find_first_of(" \t\r\n,]}:");
  std::string_view token = rest.substr(0, end);
  if (token.size() <= kLongest)
    return std::string(token);
  return std::string(token.substr(0, kLongest)) + "…";
}

// The numbers of one `data` array, on their way into memory.
class TensorNumbers {
public:
  TensorNumbers(octet_json_destination destination, const int64_t *shape, size_t rank, std::string place)
      : destination(destination), shape(shape), rank(rank), place(std::move(place)) {}

  std::string error;

  bool read(array values) {
    if (!read_level(values, 0))
      return false;
    return filled == destination.count || fail_count("holds only " + std::to_string(filled) + " elements");
  }

private:
  octet_json_destination destination;
  const int64_t *shape;
  size_t rank;
  std::string place;
  size_t filled = 0;

  bool fail(const std::string &sentence) {
    error = place + ".data: " + sentence;
    return false;
  }

  bool fail_count(const std::string &found) {
    return fail(found + ", but the shape has " + std::to_string(destination.count));
  }

  // Data is flat, or nested exactly as the shape says.
  bool read_level(array values, size_t level) {
    int64_t count = 0;
    std::optional<bool> is_nested;
    for (auto element : values) {
      value item;
      if (element.get(item))
        return fail("element " + std::to_string(filled) + " is not JSON");
      const bool is_array = item.raw_json_token().substr(0, 1) == "[";
      if (is_nested.value_or(is_array) != is_array)
        return fail("arrays and numbers stand side by side");
      is_nested = is_array;
      ++count;
      if (is_array ? !read_nested(item, level) : !store(item))
        return false;
    }
    const bool is_flat = level == 0 && !is_nested.value_or(false);
    if (is_flat)
      return true;
    if (!is_nested.value_or(false) && level + 1 != rank && count > 0)
      return fail("numbers stand " + std::to_string(level + 1) + " levels deep, but the shape has " +
                  std::to_string(rank));
    if (level < rank && count != shape[level])
      return fail("an array along axis " + std::to_string(level) + " has " + std::to_string(count) +
                  " elements, but the shape says " + std::to_string(shape[level]));
    return true;
  }

  bool read_nested(value item, size_t level) {
    array inner;
    if (level + 1 >= rank)
      return fail("is nested deeper than the " + std::to_string(rank) + " axes of the shape");
    if (item.get(inner))
      return fail("element " + std::to_string(filled) + " is not JSON");
    return read_level(inner, level + 1);
  }

  bool store(value item) {
    if (filled == destination.count)
      return fail_count("holds more elements");
    switch (destination.type) {
    case OCTET_NUMBER_F64:
      return store_real<double>(item, "FP64");
    case OCTET_NUMBER_F32:
      return store_real<float>(item, "FP32");
    case OCTET_NUMBER_I64:
      return store_integer<int64_t>(item, "INT64");
    case OCTET_NUMBER_I32:
      return store_integer<int32_t>(item, "INT32");
    case OCTET_NUMBER_I16:
      return store_integer<int16_t>(item, "INT16");
    case OCTET_NUMBER_I8:
      return store_integer<int8_t>(item, "INT8");
    case OCTET_NUMBER_U64:
      return store_integer<uint64_t>(item, "UINT64");
    case OCTET_NUMBER_U32:
      return store_integer<uint32_t>(item, "UINT32");
    case OCTET_NUMBER_U16:
      return store_integer<uint16_t>(item, "UINT16");
    case OCTET_NUMBER_U8:
      return store_integer<uint8_t>(item, "UINT8");
    case OCTET_NUMBER_BOOLEAN:
      return store_boolean(item);
    }
    return false;
  }

  template <typename Number> bool keep(Number number) {
    static_cast<Number *>(destination.elements)[filled++] = number;
    return true;
  }

  bool refuse(value item, const std::string &expected) {
    return fail("element " + std::to_string(filled) + ": expected " + expected + ", found '" +
                excerpt(item.raw_json_token()) + "'");
  }

  template <typename Real> bool store_real(value item, const char *name) {
    double number;
    if (item.get_double().get(number))
      return store_named_real<Real>(item, name);
    const Real real = static_cast<Real>(number);
    if (std::isinf(real))
      return refuse(item, std::string("a number that ") + name + " can hold");
    return keep(real);
  }

  // Python's clients write what JSON has no number for as these words.
  template <typename Real> bool store_named_real(value item, const char *name) {
    const std::string word = excerpt(item.raw_json_token());
    if (word == "NaN")
      return keep(std::numeric_limits<Real>::quiet_NaN());
    if (word == "Infinity")
      return keep(std::numeric_limits<Real>::infinity());
    if (word == "-Infinity")
      return keep(-std::numeric_limits<Real>::infinity());
    return refuse(item, std::string("a number that ") + name + " can hold");
  }

  template <typename Integer> bool store_integer(value item, const char *name) {
    using Wide = std::conditional_t<std::is_signed_v<Integer>, int64_t, uint64_t>;
    Wide number;
    error_code code;
    if constexpr (std::is_signed_v<Integer>)
      code = item.get_int64().get(number);
    else
      code = item.get_uint64().get(number);
    constexpr Wide low = std::numeric_limits<Integer>::min(), high = std::numeric_limits<Integer>::max();
    if (code || number < low || number > high)
      return refuse(item, std::string(name) + " from " + std::to_string(low) + " to " + std::to_string(high));
    return keep(static_cast<Integer>(number));
  }

  bool store_boolean(value item) {
    bool truth;
    uint64_t number;
    if (!item.get_bool().get(truth))
      return keep<uint8_t>(truth);
    if (!item.get_uint64().get(number) && number <= 1)
      return keep<uint8_t>(static_cast<uint8_t>(number));
    return refuse(item, "true or false");
  }
};

} // namespace octet
