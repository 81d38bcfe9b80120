#pragma once

#include "tensor_numbers.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace octet {

// A tensor whose shape is how its arrays nest:  [[1,2],[3,4]] has [2, 2].
class InferredTensor : public NumberStore {
public:
  explicit InferredTensor(octet_number_type type) : NumberStore({type, nullptr, 0}) {}

  bool is_empty() const { return !elements && extents.empty(); }

  // Takes memory for `capacity` elements, unless it has some. Pages that are never written cost nothing.
  bool reserve(size_t capacity) {
    if (elements)
      return true;
    constexpr size_t kAlignment = 64, kSlack = 64;
    size_t bytes = 0;
    if (__builtin_mul_overflow(capacity, octet_json_number_size(destination.type), &bytes) ||
        __builtin_add_overflow(bytes, kAlignment + kSlack, &bytes))
      return refuse("is too large");
    elements.reset(std::aligned_alloc(kAlignment, bytes / kAlignment * kAlignment));
    if (!elements)
      return refuse("is too large for the memory that is left");
    destination.elements = elements.get();
    destination.count = capacity;
    return true;
  }

  // Reads the text of a number or of an array of them, `level` axes inside of the tensor.
  bool read(std::string_view text, size_t level) {
    return with_number_type(destination.type,
                            [&](auto number) { return read_value<decltype(number)>(text.data(), level) != nullptr; });
  }

  // Says how many elements stand along an axis; all arrays along it have to agree.
  bool set_extent(size_t level, int64_t extent) {
    if (extents.size() <= level)
      extents.resize(level + 1, kUnknown);
    if (extents[level] != kUnknown && extents[level] != extent)
      return refuse("arrays along axis " + std::to_string(level) + " have " + std::to_string(extents[level]) + " and " +
                    std::to_string(extent) + " elements");
    extents[level] = extent;
    return true;
  }

  // Hands the elements over. What lies between them and the end of their memory is clear as far as kernels look.
  octet_json_tensor release() {
    if (elements)
      std::memset(static_cast<char *>(elements.get()) + filled * octet_json_number_size(destination.type), 0, 64);
    return {elements.release(), filled, extents.data(), extents.size()};
  }

private:
  bool refuse(const std::string &sentence) {
    error = sentence;
    return false;
  }

  static constexpr size_t kMaximumRank = 32;
  static constexpr int64_t kUnknown = -1;

  struct Free {
    void operator()(void *memory) const { std::free(memory); }
  };

  std::unique_ptr<void, Free> elements;
  std::vector<int64_t> extents;
  // The axes of the tensor, once a number has been seen.
  std::optional<size_t> rank;

  template <typename Number> const char *read_value(const char *text, size_t level) {
    if (*text == '[')
      return read_array<Number>(text, level);
    if (rank.value_or(level) != level || extents.size() > level)
      return fail("numbers and arrays stand side by side");
    rank = level;
    // There is room for as many as the model takes in these rows.
    return filled < destination.count ? store<Number>(text) : fail("holds more elements than the model takes");
  }

  template <typename Number> const char *read_array(const char *text, size_t level) {
    if (rank && level >= *rank)
      return fail("numbers and arrays stand side by side");
    if (level == kMaximumRank)
      return fail("nests deeper than 32 levels");
    // Known from here on, so that a number beside this array is refused.
    if (extents.size() <= level)
      extents.resize(level + 1, kUnknown);
    int64_t count = 0;
    const char *const end =
        for_elements(text, count, [&](const char *element) { return read_value<Number>(element, level + 1); });
    return end && set_extent(level, count) ? end : nullptr;
  }
};

} // namespace octet
