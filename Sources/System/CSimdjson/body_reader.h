#pragma once

#include "octet_simdjson.h"
#include "tensor_numbers.h"

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace octet {

using simdjson::ondemand::json_type;
using simdjson::ondemand::object;
using simdjson::ondemand::parser;

static_assert(OCTET_JSON_PADDING >= simdjson::SIMDJSON_PADDING, "simdjson reads further than callers are told");

inline octet_text text(std::string_view view) {
  return {view.data(), view.size()};
}

// Where in a body something stands, such as `inputs[0].parameters`. It is put into words only for a message.
struct Place {
  const char *name;
  // Of an element of an array, where it is one.
  std::optional<size_t> index = std::nullopt;
  const char *member = "";
  // What the model calls it.
  std::string_view quoted{};

  Place operator/(const char *inner) const { return {name, index, inner}; }

  std::string text() const {
    std::string words = name;
    if (index)
      words += "[" + std::to_string(*index) + "]";
    if (!quoted.empty())
      words += " '" + std::string(quoted) + "'";
    return words + member;
  }
};

// What the readers of every body share.
class BodyReader {
public:
  // Empty where the receiver refused.
  std::string error;

protected:
  explicit BodyReader(std::string_view body) : body(body) { keys.clear(); }

  std::string_view body;

  // Calls `read(root)` with the only value of the body, which has to be an object.
  template <typename Read> bool read_body(parser &json, Read read) {
    simdjson::ondemand::document document;
    object root;
    if (error_code code = json.iterate(padded(body)).get(document))
      return fail_syntax(code);
    if (error_code code = document.get_object().get(root))
      return code == simdjson::INCORRECT_TYPE ? fail("the body is not a JSON object") : fail_syntax(code);
    if (!read(root))
      return false;
    return document.current_location().error() || fail("the body goes on after the end of the JSON object");
  }

  simdjson::padded_string_view padded(std::string_view part) {
    const size_t behind = static_cast<size_t>(body.data() + body.size() - (part.data() + part.size()));
    return simdjson::padded_string_view(part.data(), part.size(), part.size() + behind + OCTET_JSON_PADDING);
  }

  bool fail(const std::string &sentence) {
    error = sentence;
    return false;
  }

  bool fail_syntax(error_code code) { return fail(std::string("the body is not JSON: ") + error_message(code)); }

  // More than any object of the protocol has. Each name is compared with those before it.
  static constexpr size_t kMaximumMembers = 256;

  // Calls `read(key, value)` for each member of an object, of which none may stand twice.
  template <typename Read> bool for_members(object members, const Place &place, Read read) {
    const size_t first = keys.size();
    for (auto member : members) {
      std::string_view key;
      value item;
      if (error_code code = member.unescaped_key().get(key))
        return fail_syntax(code);
      if (keys.size() - first == kMaximumMembers)
        return fail(place.text() + ": has more than " + std::to_string(kMaximumMembers) + " members");
      for (size_t other = first; other < keys.size(); ++other)
        if (keys[other] == key)
          return fail(place.text() + ": '" + excerpt(key) + "' stands there twice");
      keys.push_back(key);
      if (error_code code = member.value().get(item))
        return fail_syntax(code);
      if (!read(key, item))
        return false;
    }
    keys.resize(first);
    return true;
  }

  bool read_text(value item, const Place &place, octet_text &result) {
    std::string_view string;
    if (item.get_string().get(string))
      return fail(place.text() + ": expected a string");
    result = text(string);
    return true;
  }

  // Of the objects that are being read, the outermost first. They stay where the parser has put them until it reads
  // another document; their list stays with the thread, for the next request.
  static inline thread_local std::vector<std::string_view> keys;

  // What octet does not know is passed over, but it has to be JSON.
  bool skip(value item, size_t depth) {
    json_type type;
    if (error_code code = item.type().get(type))
      return fail_syntax(code);
    if (depth > OCTET_JSON_MAXIMUM_DEPTH)
      return fail("the body nests deeper than " + std::to_string(OCTET_JSON_MAXIMUM_DEPTH) + " levels");
    error_code code = simdjson::SUCCESS;
    switch (type) {
    case json_type::array: {
      array elements;
      if ((code = item.get_array().get(elements)))
        return fail_syntax(code);
      for (auto element : elements) {
        value inner;
        if ((code = element.get(inner)))
          return fail_syntax(code);
        if (!skip(inner, depth + 1))
          return false;
      }
      return true;
    }
    case json_type::object: {
      object members;
      if ((code = item.get_object().get(members)))
        return fail_syntax(code);
      for (auto member : members) {
        value inner;
        if ((code = member.value().get(inner)))
          return fail_syntax(code);
        if (!skip(inner, depth + 1))
          return false;
      }
      return true;
    }
    case json_type::string:
      code = item.get_string().error();
      break;
    case json_type::number:
      code = item.get_double().error();
      break;
    case json_type::boolean:
      code = item.get_bool().error();
      break;
    case json_type::null:
      code = item.is_null().error();
      break;
    }
    return code ? fail_syntax(code) : true;
  }
};

// Parsers keep their memory, four times the size of a text that is all numbers of one digit. It stays with the thread.
constexpr size_t kLargestKept = 4 << 20;

// Reads with a parser that fits, and leaves the reader's sentence in `error`.
template <typename Reader> bool run(Reader &reader, size_t length, char *error, size_t error_capacity) {
  bool is_read;
  if (length <= kLargestKept) {
    static thread_local parser kept(kLargestKept + OCTET_JSON_PADDING);
    is_read = reader.read(kept);
  } else {
    parser fresh;
    is_read = reader.read(fresh);
  }
  if (error_capacity > 0)
    std::snprintf(error, error_capacity, "%s", reader.error.c_str());
  return is_read;
}

} // namespace octet
