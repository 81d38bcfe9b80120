#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <system_error>
#include <type_traits>

namespace octet {

inline bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

inline bool is_space(char character) {
  return character == ' ' || character == '\n' || character == '\r' || character == '\t';
}

// Whether a number, or a word, can be over before this character.
inline bool ends_token(char character) {
  return character == ',' || character == ']' || character == '}' || is_space(character);
}

// A number of JSON, taken apart:  (-1)^negative × digits × 10^exponent.
struct Decimal {
  // Exact where `digit_count` is at most 19.
  uint64_t digits = 0;
  ptrdiff_t digit_count = 0;
  ptrdiff_t exponent = 0;
  bool is_negative = false;
};

// The eight characters at `text`, of which the first is the lowest byte. Digits are 0 to 9 in it.
inline uint64_t eight_characters(const char *text) {
  uint64_t word;
  std::memcpy(&word, text, sizeof word);
  return word ^ 0x3030303030303030;
}

// The highest bit of every byte that is no digit. What such a byte carries only reaches those behind it.
inline uint64_t others(uint64_t word) {
  return (word | (word + 0x7676767676767676)) & 0x8080808080808080;
}

// The number that eight digits make: neighbours are joined to numbers of two, four and eight digits.
inline uint64_t joined(uint64_t word) {
  word = (word * 10 + (word >> 8)) & 0x00FF00FF00FF00FF;
  word = (word * 100 + (word >> 16)) & 0x0000FFFF0000FFFF;
  return (word * 10000 + (word >> 32)) & 0xFFFFFFFF;
}

// Takes the digits at `text` in, and returns where they end.
[[gnu::always_inline]] inline const char *read_digits(const char *text, Decimal &decimal) {
  const char *const first = text;
  uint64_t digits = decimal.digits;
  uint64_t word = eight_characters(text), end = others(word);
  // A branch and not a sum: the processor goes on with the next digits before it has found out that these are some.
  while (end == 0) {
    digits = digits * 100'000'000 + joined(word);
    text += 8;
    word = eight_characters(text);
    end = others(word);
  }
  constexpr uint64_t kPowers[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000, 10'000'000};
  const unsigned count = static_cast<unsigned>(__builtin_ctzll(end)) / 8;
  // Zeros in front take the place of what is no digit; in two steps, because all 64 bits cannot be shifted out in one.
  const unsigned surplus = 32 - 4 * count;
  decimal.digits = digits * kPowers[count] + joined(word << surplus << surplus);
  text += count;
  decimal.digit_count += text - first;
  return text;
}

// Takes apart the number at `text`, behind which 8 more bytes are readable. Returns where it ends, or nothing where
// JSON has no such number.
[[gnu::always_inline]] inline const char *read_decimal(const char *text, Decimal &decimal) {
  decimal.is_negative = *text == '-';
  text += decimal.is_negative;
  if (*text == '0') {
    if (is_digit(*++text))
      return nullptr;
  } else {
    const char *const first = text;
    text = read_digits(text, decimal);
    if (text == first)
      return nullptr;
  }
  if (*text == '.') {
    const char *const first = ++text;
    text = read_digits(text, decimal);
    if (text == first)
      return nullptr;
    decimal.exponent = first - text;
  }
  if (*text == 'e' || *text == 'E') {
    ++text;
    const bool is_small = *text == '-';
    text += is_small || *text == '+';
    if (!is_digit(*text))
      return nullptr;
    ptrdiff_t exponent = 0;
    for (; is_digit(*text); ++text)
      exponent = exponent > 9999 ? exponent : exponent * 10 + (*text - '0');
    decimal.exponent += is_small ? -exponent : exponent;
  }
  return ends_token(*text) ? text : nullptr;
}

// The value, where a single multiplication or division of doubles shows what it is rounded to.
//
// 10^|exponent| ≤ 10^22 is exact, so the product is off by at most two units in the last place: one of rounding the
// digits, which fit 53 bits or do not, one of its own. Rounded to f32, which has 29 bits less, that is right unless
// half of such a step lies within them. As f64 it is right where the digits fit.
template <typename Real> [[gnu::always_inline]] inline bool convert(const Decimal &decimal, Real &result) {
  constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  constexpr bool kIsSingle = std::is_same_v<Real, float>;
  const uint64_t largest = kIsSingle ? INT64_MAX : uint64_t(1) << 53;
  if (decimal.digit_count > 19 || decimal.digits > largest || decimal.exponent < -22 || decimal.exponent > 22)
    return false;
  const double digits = static_cast<double>(static_cast<int64_t>(decimal.digits));
  const double magnitude =
      decimal.exponent < 0 ? digits / kPowers[-decimal.exponent] : digits * kPowers[decimal.exponent];
  if constexpr (kIsSingle) {
    uint64_t bits;
    std::memcpy(&bits, &magnitude, sizeof bits);
    constexpr uint32_t kHalf = 1 << 28, kMargin = 2;
    const uint32_t lost = bits & (2 * kHalf - 1);
    if (lost - (kHalf - kMargin) <= 2 * kMargin || magnitude > std::numeric_limits<float>::max())
      return false;
  }
  result = static_cast<Real>(decimal.is_negative ? -magnitude : magnitude);
  return true;
}

// The same from the standard library, which knows every number and takes longer. Returns false where the type cannot
// hold the value; what rounds to 0 is let pass.
template <typename Real>
[[gnu::noinline]] bool convert_exactly(const char *text, const char *end, bool is_negative, Real &result) {
  if (std::from_chars(text, end, result).ec == std::errc())
    return true;
  result = is_negative ? Real(-0.0) : Real(0.0);
  return std::fabs(std::strtod(text, nullptr)) < 1;
}

// Reads the number at `text`, rounded once to its own type. Returns where it ends, or nothing where JSON has no such
// number or the type cannot hold it.
template <typename Real> [[gnu::always_inline]] inline const char *read_real(const char *text, Real &result) {
  Decimal decimal;
  const char *const end = read_decimal(text, decimal);
  return end && (convert(decimal, result) || convert_exactly(text, end, decimal.is_negative, result)) ? end : nullptr;
}

} // namespace octet
