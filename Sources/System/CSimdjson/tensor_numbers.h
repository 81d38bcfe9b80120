#pragma once

#include "octet_simdjson.h"
#include "real_reader.h"

#include <charconv>
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

// Numbers on their way from the text of an array into memory that is there for them. The text has its brackets in
// pairs, as simdjson has seen; everything else about it is looked at here. Whoever stores a number has made sure that
// it has a place.
//
// What reads returns where it ends, or nothing where something is wrong, which `error` says.
class NumberStore {
public:
  // What is wrong, without the place where it stands.
  std::string error;

protected:
  explicit NumberStore(octet_json_destination destination) : destination(destination) {}

  octet_json_destination destination;
  size_t filled = 0;

  std::nullptr_t fail(const std::string &sentence) {
    error = sentence;
    return nullptr;
  }

  // Calls `read(element)` for each element of the array at `text`, and counts them.
  template <typename Read> const char *for_elements(const char *text, int64_t &count, Read read) {
    count = 0;
    text = behind_space(text + 1);
    if (*text == ']')
      return text + 1;
    for (;;) {
      ++count;
      text = read(text);
      if (!text)
        return nullptr;
      text = behind_space(text);
      if (*text == ']')
        return text + 1;
      if (*text != ',')
        return fail("element " + std::to_string(filled) + " is not JSON");
      text = behind_space(text + 1);
    }
  }

  // Stores the number at `text`.
  template <typename Number> [[gnu::always_inline]] const char *store(const char *text) {
    if constexpr (std::is_same_v<Number, bool>)
      return store_boolean(text);
    else if constexpr (std::is_floating_point_v<Number>)
      return store_real<Number>(text);
    else
      return store_integer<Number>(text);
  }

  // The protocol's name of a number type, such as UINT8.
  template <typename Number> static std::string datatype() {
    const char *kind = std::is_floating_point_v<Number> ? "FP" : std::is_signed_v<Number> ? "INT" : "UINT";
    return kind + std::to_string(8 * sizeof(Number));
  }

private:
  static const char *behind_space(const char *text) {
    while (is_space(*text))
      ++text;
    return text;
  }

  template <typename Number> const char *keep(Number number, const char *end) {
    static_cast<Number *>(destination.elements)[filled++] = number;
    return end;
  }

  std::nullptr_t fail_number(const char *text, const std::string &expected) {
    // More is not looked at, and so much may be, because texts are padded.
    const std::string_view rest(text, OCTET_JSON_PADDING);
    return fail("element " + std::to_string(filled) + ": expected " + expected + ", found '" + excerpt(rest) + "'");
  }

  template <typename Real> [[gnu::always_inline]] const char *store_real(const char *text) {
    Real real;
    const char *const end = read_real(text, real);
    return end ? keep(real, end) : store_named_real<Real>(text);
  }

  // Python's clients write what JSON has no number for as these words.
  template <typename Real> const char *store_named_real(const char *text) {
    if (const char *const end = end_of("NaN", text))
      return keep(std::numeric_limits<Real>::quiet_NaN(), end);
    if (const char *const end = end_of("Infinity", text))
      return keep(std::numeric_limits<Real>::infinity(), end);
    if (const char *const end = end_of("-Infinity", text))
      return keep(-std::numeric_limits<Real>::infinity(), end);
    return fail_number(text, "a number that " + datatype<Real>() + " can hold");
  }

  template <typename Integer> const char *store_integer(const char *text) {
    using Wide = std::conditional_t<std::is_signed_v<Integer>, int64_t, uint64_t>;
    constexpr Wide low = std::numeric_limits<Integer>::min(), high = std::numeric_limits<Integer>::max();
    Wide number;
    const char *const end = read_integer(text, number);
    if (!end || number < low || number > high)
      return fail_number(text, datatype<Integer>() + " from " + std::to_string(low) + " to " + std::to_string(high));
    return keep(static_cast<Integer>(number), end);
  }

  const char *store_boolean(const char *text) {
    uint64_t number;
    if (const char *const end = end_of("true", text))
      return keep<uint8_t>(1, end);
    if (const char *const end = end_of("false", text))
      return keep<uint8_t>(0, end);
    const char *const end = read_integer(text, number);
    return end && number <= 1 ? keep(static_cast<uint8_t>(number), end) : fail_number(text, "true or false");
  }

  // Reads the whole number at `text`.
  template <typename Wide> static const char *read_integer(const char *text, Wide &number) {
    // No number is longer; texts are padded.
    constexpr size_t kLongest = 24;
    const auto [end, code] = std::from_chars(text, text + kLongest, number);
    const char *const digits = text + (*text == '-');
    const bool is_json = *digits != '0' || end == digits + 1;
    return code == std::errc() && is_json && ends_token(*end) ? end : nullptr;
  }

  // Where the word at `text` ends, if it is this one.
  static const char *end_of(std::string_view word, const char *text) {
    return std::string_view(text, word.size()) == word && ends_token(text[word.size()]) ? text + word.size() : nullptr;
  }
};

// The numbers of one `data` array, whose shape is known.
class TensorNumbers : public NumberStore {
public:
  TensorNumbers(octet_json_destination destination, const int64_t *shape, size_t rank)
      : NumberStore(destination), shape(shape), rank(rank) {}

  // Reads the text of an array.
  bool read(std::string_view text) {
    return with_number_type(destination.type, [&](auto number) {
      return read_level<decltype(number)>(text.data(), 0) &&
             (filled == destination.count || fail_count("holds only " + std::to_string(filled) + " elements"));
    });
  }

private:
  const int64_t *shape;
  size_t rank;

  std::nullptr_t fail_count(const std::string &found) {
    return fail(found + ", but the shape has " + std::to_string(destination.count));
  }

  // Data is flat, or nested exactly as the shape says.
  template <typename Number> const char *read_level(const char *text, size_t level) {
    int64_t count = 0;
    std::optional<bool> is_nested;
    const char *const end = for_elements(text, count, [&](const char *element) -> const char * {
      const bool is_array = *element == '[';
      if (is_nested.value_or(is_array) != is_array)
        return fail("arrays and numbers stand side by side");
      is_nested = is_array;
      if (is_array)
        return read_nested<Number>(element, level);
      return filled < destination.count ? store<Number>(element) : fail_count("holds more elements");
    });
    const bool is_flat = level == 0 && !is_nested.value_or(false);
    if (!end || is_flat)
      return end;
    if (!is_nested.value_or(false) && level + 1 != rank && count > 0)
      return fail("numbers stand " + std::to_string(level + 1) + " levels deep, but the shape has " +
                  std::to_string(rank));
    if (level < rank && count != shape[level])
      return fail("an array along axis " + std::to_string(level) + " has " + std::to_string(count) +
                  " elements, but the shape says " + std::to_string(shape[level]));
    return end;
  }

  template <typename Number> const char *read_nested(const char *text, size_t level) {
    if (level + 1 >= rank)
      return fail("is nested deeper than the " + std::to_string(rank) + " axes of the shape");
    return read_level<Number>(text, level + 1);
  }
};

} // namespace octet
