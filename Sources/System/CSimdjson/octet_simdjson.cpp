#include "octet_simdjson.h"

#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

static_assert(OCTET_JSON_PADDING >= simdjson::SIMDJSON_PADDING, "simdjson reads further than callers are told");

namespace {

using simdjson::error_code;
using simdjson::ondemand::array;
using simdjson::ondemand::json_type;
using simdjson::ondemand::object;
using simdjson::ondemand::parser;
using simdjson::ondemand::value;

octet_text text(std::string_view view) { return {view.data(), view.size()}; }

// The token at the start of `rest`, without what follows it, and short enough for a message.
std::string excerpt(std::string_view rest) {
  constexpr size_t kLongest = 32;
  const size_t end = rest.find_first_of(" \t\r\n,]}:");
  std::string_view token = rest.substr(0, end);
  if (token.size() <= kLongest)
    return std::string(token);
  return std::string(token.substr(0, kLongest)) + "…";
}

// The numbers of one `data` array, on their way into memory.
class Numbers {
public:
  Numbers(octet_json_destination destination, const int64_t *shape, size_t rank, std::string place)
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

// Reads the request's envelope and hands its parts to the receiver.
class RequestReader {
public:
  RequestReader(std::string_view body, const octet_json_receiver &receiver) : body(body), receiver(receiver) {}

  // Empty where the receiver refused.
  std::string error;

  bool read(parser &json) {
    simdjson::ondemand::document document;
    object root;
    if (error_code code = json.iterate(padded(body)).get(document))
      return fail_syntax(code);
    if (error_code code = document.get_object().get(root))
      return code == simdjson::INCORRECT_TYPE ? fail("the body is not a JSON object") : fail_syntax(code);
    if (!read_root(root))
      return false;
    if (!document.current_location().error())
      return fail("the body goes on after the end of the JSON object");
    receiver.envelope(receiver.context, &envelope);
    return true;
  }

private:
  std::string_view body;
  const octet_json_receiver &receiver;
  octet_json_envelope envelope{};
  size_t input_count = 0;
  size_t output_count = 0;

  simdjson::padded_string_view padded(std::string_view part) {
    const size_t behind = static_cast<size_t>(body.data() + body.size() - (part.data() + part.size()));
    return simdjson::padded_string_view(part.data(), part.size(), part.size() + behind + OCTET_JSON_PADDING);
  }

  bool fail(const std::string &sentence) {
    error = sentence;
    return false;
  }

  bool fail_syntax(error_code code) { return fail(std::string("the body is not JSON: ") + error_message(code)); }

  // Calls `read(key, value)` for each member of an object, of which none may stand twice.
  template <typename Read> bool for_members(object members, const std::string &place, Read read) {
    std::vector<std::string> seen;
    for (auto member : members) {
      std::string_view key;
      value item;
      if (error_code code = member.unescaped_key().get(key))
        return fail_syntax(code);
      std::string name(key);
      for (const std::string &other : seen)
        if (other == name)
          return fail(place + ": '" + excerpt(name) + "' stands there twice");
      seen.push_back(name);
      if (error_code code = member.value().get(item))
        return fail_syntax(code);
      if (!read(name, item))
        return false;
    }
    return true;
  }

  template <typename Read> bool for_objects(value item, const char *name, Read read) {
    array elements;
    if (item.get_array().get(elements))
      return fail(std::string(name) + ": expected an array");
    for (auto element : elements) {
      object part;
      if (error_code code = element.get_object().get(part))
        return code == simdjson::INCORRECT_TYPE ? fail(std::string(name) + ": expected objects") : fail_syntax(code);
      if (!read(part))
        return false;
    }
    return true;
  }

  bool read_root(object root) {
    return for_members(root, "the request", [&](const std::string &key, value item) {
      if (key == "id")
        return read_text(item, "id", envelope.identifier);
      if (key == "model_name")
        return read_text(item, "model_name", envelope.model_name);
      if (key == "inputs")
        return for_objects(item, "inputs", [&](object input) { return read_input(input); });
      if (key == "outputs")
        return for_objects(item, "outputs", [&](object output) { return read_output(output); });
      if (key == "parameters")
        return read_parameters(item, "parameters", [&](const std::string &name, value parameter) {
          if (name == "binary_data_output")
            return read_choice(parameter, "parameters.binary_data_output", envelope.binary_data_output);
          if (name == "timeout")
            return read_count(parameter, "parameters.timeout", envelope.timeout);
          return skip(parameter, 2);
        });
      return skip(item, 1);
    });
  }

  bool read_input(object input) {
    const std::string place = "inputs[" + std::to_string(input_count++) + "]";
    octet_json_input parsed{};
    parsed.binary_byte_count = -1;
    std::vector<int64_t> shape;
    bool has_shape = false, was_received = false;
    std::string_view postponed;
    const bool is_read = for_members(input, place, [&](const std::string &key, value item) {
      if (key == "name")
        return read_text(item, place + ".name", parsed.name);
      if (key == "datatype")
        return read_text(item, place + ".datatype", parsed.datatype);
      if (key == "shape") {
        has_shape = true;
        return read_shape(item, place, shape);
      }
      if (key == "parameters")
        return read_parameters(item, place + ".parameters", [&](const std::string &name, value parameter) {
          if (name == "binary_data_size")
            return read_count(parameter, place + ".parameters.binary_data_size", parsed.binary_byte_count);
          return skip(parameter, 4);
        });
      if (key != "data")
        return skip(item, 3);
      array numbers;
      if (item.get_array().get(numbers))
        return fail(place + ".data: expected an array");
      parsed.has_data = true;
      if (parsed.name.bytes && parsed.datatype.bytes && has_shape) {
        was_received = true;
        return receive(parsed, shape, place, numbers);
      }
      // Its type and shape come later: the text is kept in mind and read when they are known.
      if (error_code code = numbers.raw_json().get(postponed))
        return fail_syntax(code);
      return true;
    });
    if (!is_read)
      return false;
    if (!parsed.name.bytes || !parsed.datatype.bytes || !has_shape)
      return fail(place + ": expected a name, a datatype and a shape");
    if (parsed.has_data == (parsed.binary_byte_count >= 0))
      return fail(place + ": expected either data or parameters.binary_data_size");
    if (was_received)
      return true;
    return parsed.has_data ? receive_postponed(parsed, shape, place, postponed) : announce(parsed, shape, nullptr);
  }

  bool announce(octet_json_input &input, const std::vector<int64_t> &shape, octet_json_destination *destination) {
    input.shape = shape.data();
    input.rank = shape.size();
    return receiver.input(receiver.context, &input, destination);
  }

  bool receive(octet_json_input &input, const std::vector<int64_t> &shape, const std::string &place, array numbers) {
    octet_json_destination destination{};
    if (!announce(input, shape, &destination))
      return false;
    Numbers reader(destination, shape.data(), shape.size(), place);
    return reader.read(numbers) || fail(reader.error);
  }

  bool receive_postponed(octet_json_input &input, const std::vector<int64_t> &shape, const std::string &place,
                         std::string_view data) {
    parser json;
    simdjson::ondemand::document document;
    array numbers;
    if (error_code code = json.iterate(padded(data)).get(document))
      return fail_syntax(code);
    if (error_code code = document.get_array().get(numbers))
      return fail_syntax(code);
    return receive(input, shape, place, numbers);
  }

  bool read_output(object output) {
    const std::string place = "outputs[" + std::to_string(output_count++) + "]";
    octet_json_output parsed{};
    const bool is_read = for_members(output, place, [&](const std::string &key, value item) {
      if (key == "name")
        return read_text(item, place + ".name", parsed.name);
      if (key != "parameters")
        return skip(item, 3);
      return read_parameters(item, place + ".parameters", [&](const std::string &name, value parameter) {
        if (name == "binary_data")
          return read_choice(parameter, place + ".parameters.binary_data", parsed.binary_data);
        if (name == "classification")
          return read_count(parameter, place + ".parameters.classification", parsed.classification);
        return skip(parameter, 4);
      });
    });
    if (!is_read)
      return false;
    if (!parsed.name.bytes)
      return fail(place + ": expected a name");
    return receiver.output(receiver.context, &parsed);
  }

  template <typename Read> bool read_parameters(value item, const std::string &place, Read read) {
    object parameters;
    if (item.get_object().get(parameters))
      return fail(place + ": expected an object");
    return for_members(parameters, place, read);
  }

  bool read_text(value item, const std::string &place, octet_text &result) {
    std::string_view string;
    if (item.get_string().get(string))
      return fail(place + ": expected a string");
    result = text(string);
    return true;
  }

  bool read_choice(value item, const std::string &place, octet_choice &result) {
    bool truth;
    if (item.get_bool().get(truth))
      return fail(place + ": expected true or false");
    result = truth ? OCTET_YES : OCTET_NO;
    return true;
  }

  bool read_count(value item, const std::string &place, int64_t &result) {
    int64_t number;
    if (item.get_int64().get(number) || number < 0)
      return fail(place + ": expected a whole number that is not negative");
    result = number;
    return true;
  }

  bool read_shape(value item, const std::string &place, std::vector<int64_t> &shape) {
    constexpr size_t kMaximumRank = 32;
    array extents;
    if (item.get_array().get(extents))
      return fail(place + ".shape: expected an array");
    for (auto extent : extents) {
      int64_t number;
      if (extent.get_int64().get(number) || number < 0)
        return fail(place + ".shape: expected whole numbers that are not negative");
      if (shape.size() == kMaximumRank)
        return fail(place + ".shape: has more than 32 axes");
      shape.push_back(number);
    }
    return true;
  }

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
      code = item.is_null() ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
      break;
    }
    return code ? fail_syntax(code) : true;
  }
};

// Parsers keep their memory, several times the text's size: worth keeping for small texts only.
constexpr size_t kLargestKept = 1 << 20;

} // namespace

extern "C" bool octet_json_read_request(const char *text, size_t length, const octet_json_receiver *receiver,
                                        char *error, size_t error_capacity) {
  RequestReader reader({text, length}, *receiver);
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
