#pragma once

#include "octet_simdjson.h"

#include <charconv>
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

// Calls `work` with a number of the type, so that the type is looked at once and not for every number.
template <typename Work> bool with_number_type(octet_number_type type, Work work) {
  switch (type) {
  case OCTET_NUMBER_F64:
    return work(double());
  case OCTET_NUMBER_F32:
    return work(float());
  case OCTET_NUMBER_I64:
    return work(int64_t());
  case OCTET_NUMBER_I32:
    return work(int32_t());
  case OCTET_NUMBER_I16:
    return work(int16_t());
  case OCTET_NUMBER_I8:
    return work(int8_t());
  case OCTET_NUMBER_U64:
    return work(uint64_t());
  case OCTET_NUMBER_U32:
    return work(uint32_t());
  case OCTET_NUMBER_U16:
    return work(uint16_t());
  case OCTET_NUMBER_U8:
    return work(uint8_t());
  case OCTET_NUMBER_BOOLEAN:
    return work(bool());
  }
  return false;
}

// Numbers on their way into memory that is there for them. Whoever stores one has made sure that it has a place.
class NumberStore {
public:
  // What is wrong, without the place where it stands.
  std::string error;

protected:
  explicit NumberStore(octet_json_destination destination) : destination(destination) {}

  octet_json_destination destination;
  size_t filled = 0;

  bool fail(const std::string &sentence) {
    error = sentence;
    return false;
  }

  template <typename Number> bool store(value &item) {
    if constexpr (std::is_same_v<Number, bool>)
      return store_boolean(item);
    else if constexpr (std::is_floating_point_v<Number>)
      return store_real<Number>(item);
    else
      return store_integer<Number>(item);
  }

  // The protocol's name of a number type, such as UINT8.
  template <typename Number> static std::string datatype() {
    const char *kind = std::is_floating_point_v<Number> ? "FP" : std::is_signed_v<Number> ? "INT" : "UINT";
    return kind + std::to_string(8 * sizeof(Number));
  }

  template <typename Number> bool keep(Number number) {
    static_cast<Number *>(destination.elements)[filled++] = number;
    return true;
  }

  bool refuse(value &item, const std::string &expected) {
    return fail("element " + std::to_string(filled) + ": expected " + expected + ", found '" +
                excerpt(item.raw_json_token()) + "'");
  }

  template <typename Real> bool store_real(value &item) {
    const std::string_view token = item.raw_json_token();
    if (!begins_as_number(token.data()))
      return store_named_real<Real>(item);
    // Rounded once, to the tensor's own type, and in half of the time that simdjson takes for long numbers.
    Real real;
    const auto [end, code] = std::from_chars(token.data(), token.data() + token.size(), real);
    if (code == std::errc::result_out_of_range)
      return store_distant_real<Real>(item);
    if (code != std::errc() || !ends_number(end) || std::isinf(real))
      return refuse(item, "a number that " + datatype<Real>() + " can hold");
    return keep(real);
  }

  // Whether JSON allows what stands before an exponent; what from_chars takes besides begins or goes on otherwise. Texts
  // are padded, so that the character behind the last may be looked at.
  static bool begins_as_number(const char *text) {
    if (*text == '-')
      ++text;
    if (!is_digit(*text) || (*text == '0' && is_digit(text[1])))
      return false;
    while (is_digit(*text))
      ++text;
    return *text != '.' || is_digit(text[1]);
  }

  static bool ends_number(const char *end) {
    return *end == ',' || *end == ']' || *end == '}' || *end == ' ' || *end == '\t' || *end == '\r' || *end == '\n';
  }

  static bool is_digit(char character) { return character >= '0' && character <= '9'; }

  // Too large for the type, or so small that it is 0.
  template <typename Real> bool store_distant_real(value &item) {
    double number;
    if (item.get_double().get(number) || std::isinf(static_cast<Real>(number)))
      return refuse(item, "a number that " + datatype<Real>() + " can hold");
    return keep(static_cast<Real>(number));
  }

  // Python's clients write what JSON has no number for as these words.
  template <typename Real> bool store_named_real(value &item) {
    const std::string word = excerpt(item.raw_json_token());
    if (word == "NaN")
      return keep(std::numeric_limits<Real>::quiet_NaN());
    if (word == "Infinity")
      return keep(std::numeric_limits<Real>::infinity());
    if (word == "-Infinity")
      return keep(-std::numeric_limits<Real>::infinity());
    return refuse(item, "a number that " + datatype<Real>() + " can hold");
  }

  template <typename Integer> bool store_integer(value &item) {
    using Wide = std::conditional_t<std::is_signed_v<Integer>, int64_t, uint64_t>;
    Wide number;
    error_code code;
    if constexpr (std::is_signed_v<Integer>)
      code = item.get_int64().get(number);
    else
      code = item.get_uint64().get(number);
    constexpr Wide low = std::numeric_limits<Integer>::min(), high = std::numeric_limits<Integer>::max();
    if (code || number < low || number > high)
      return refuse(item, datatype<Integer>() + " from " + std::to_string(low) + " to " + std::to_string(high));
    return keep(static_cast<Integer>(number));
  }

  bool store_boolean(value &item) {
    bool truth;
    uint64_t number;
    if (!item.get_bool().get(truth))
      return keep<uint8_t>(truth);
    if (!item.get_uint64().get(number) && number <= 1)
      return keep<uint8_t>(static_cast<uint8_t>(number));
    return refuse(item, "true or false");
  }
};

// The numbers of one `data` array, whose shape is known.
class TensorNumbers : public NumberStore {
public:
  TensorNumbers(octet_json_destination destination, const int64_t *shape, size_t rank)
      : NumberStore(destination), shape(shape), rank(rank) {}

  bool read(array values) {
    if (!with_number_type(destination.type, [&](auto number) { return read_level<decltype(number)>(values, 0); }))
      return false;
    return filled == destination.count || fail_count("holds only " + std::to_string(filled) + " elements");
  }

private:
  const int64_t *shape;
  size_t rank;

  bool fail_count(const std::string &found) {
    return fail(found + ", but the shape has " + std::to_string(destination.count));
  }

  template <typename Number> bool store_next(value &item) {
    return filled < destination.count ? store<Number>(item) : fail_count("holds more elements");
  }

  // Data is flat, or nested exactly as the shape says.
  template <typename Number> bool read_level(array values, size_t level) {
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
      if (is_array ? !read_nested<Number>(item, level) : !store_next<Number>(item))
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

  template <typename Number> bool read_nested(value item, size_t level) {
    array inner;
    if (level + 1 >= rank)
      return fail("is nested deeper than the " + std::to_string(rank) + " axes of the shape");
    if (item.get(inner))
      return fail("element " + std::to_string(filled) + " is not JSON");
    return read_level<Number>(inner, level + 1);
  }
};

} // namespace octet
