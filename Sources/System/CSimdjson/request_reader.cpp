#include "body_reader.h"

#include <algorithm>

namespace {

using namespace octet;

// Reads the request's envelope and hands its parts to the receiver.
class RequestReader : public BodyReader {
public:
  RequestReader(std::string_view body, const octet_json_receiver &receiver) : BodyReader(body), receiver(receiver) {}

  bool read(parser &json) {
    if (!read_body(json, [&](object root) { return read_root(root); }))
      return false;
    receiver.envelope(receiver.context, &envelope);
    return true;
  }

private:
  const octet_json_receiver &receiver;
  octet_json_envelope envelope{};
  size_t input_count = 0;
  size_t output_count = 0;

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
    return for_members(root, {"the request"}, [&](std::string_view key, value item) {
      if (key == "id")
        return read_text(item, {"id"}, envelope.identifier);
      if (key == "model_name")
        return read_text(item, {"model_name"}, envelope.model_name);
      if (key == "inputs")
        return for_objects(item, "inputs", [&](object input) { return read_input(input); });
      if (key == "outputs")
        return for_objects(item, "outputs", [&](object output) { return read_output(output); });
      if (key == "parameters")
        return read_parameters(item, {"parameters"}, [&](std::string_view name, value parameter) {
          if (name == "binary_data_output")
            return read_choice(parameter, {"parameters.binary_data_output"}, envelope.binary_data_output);
          if (name == "timeout")
            return read_count(parameter, {"parameters.timeout"}, envelope.timeout);
          if (name == "priority")
            return read_count(parameter, {"parameters.priority"}, envelope.priority);
          if (name == "sequence_id")
            return read_sequence(parameter);
          return skip(parameter, 2);
        });
      return skip(item, 1);
    });
  }

  // The extents of an input. Its memory is here, because one is read with every request.
  struct Shape {
    static constexpr size_t kMaximumRank = 32;

    int64_t extents[kMaximumRank];
    size_t rank = 0;
  };

  // An input as far as it has been read.
  struct Input {
    explicit Input(Place place) : place(place) {}

    Place place;
    octet_json_input parsed{};
    Shape shape;
    bool has_shape = false;
    // The text of the array. Where it comes before the type or the shape, it is read when they are known.
    std::string_view data;
    bool was_received = false;

    bool is_described() const { return parsed.name.bytes && parsed.datatype.bytes && has_shape; }
  };

  bool read_input(object members) {
    Input input(Place{"inputs", input_count++});
    input.parsed.binary_byte_count = -1;
    if (!for_members(members, input.place,
                     [&](std::string_view key, value item) { return read_input_member(input, key, item); }))
      return false;
    if (!input.is_described())
      return fail(input.place.text() + ": expected a name, a datatype and a shape");
    if (input.parsed.has_data == (input.parsed.binary_byte_count >= 0))
      return fail(input.place.text() + ": expected either data or parameters.binary_data_size");
    if (input.was_received)
      return true;
    return input.parsed.has_data ? receive(input) : announce(input, nullptr);
  }

  bool read_input_member(Input &input, std::string_view key, value item) {
    if (key == "name")
      return read_text(item, input.place / ".name", input.parsed.name);
    if (key == "datatype")
      return read_text(item, input.place / ".datatype", input.parsed.datatype);
    if (key == "shape") {
      input.has_shape = true;
      return read_shape(item, input.place, input.shape);
    }
    if (key == "data")
      return read_data(input, item);
    if (key == "parameters")
      return read_parameters(item, input.place / ".parameters", [&](std::string_view name, value parameter) {
        if (name == "binary_data_size")
          return read_byte_count(parameter, input);
        if (name == "shared_memory_region")
          return fail_shared_memory(input.place);
        return skip(parameter, 4);
      });
    return skip(item, 3);
  }

  bool read_data(Input &input, value item) {
    array numbers;
    if (item.get_array().get(numbers))
      return fail(input.place.text() + ".data: expected an array");
    if (error_code code = numbers.raw_json().get(input.data))
      return fail_syntax(code);
    input.parsed.has_data = true;
    input.was_received = input.is_described();
    return !input.was_received || receive(input);
  }

  bool announce(Input &input, octet_json_destination *destination) {
    input.parsed.shape = input.shape.extents;
    input.parsed.rank = input.shape.rank;
    return receiver.input(receiver.context, &input.parsed, destination);
  }

  bool receive(Input &input) {
    octet_json_destination destination{};
    if (!announce(input, &destination))
      return false;
    TensorNumbers numbers(destination, input.shape.extents, input.shape.rank);
    return numbers.read(input.data) || fail(input.place.text() + ".data: " + numbers.error);
  }

  bool read_output(object output) {
    const Place place{"outputs", output_count++};
    octet_json_output parsed{};
    const bool is_read = for_members(output, place, [&](std::string_view key, value item) {
      if (key == "name")
        return read_text(item, place / ".name", parsed.name);
      if (key != "parameters")
        return skip(item, 3);
      return read_parameters(item, place / ".parameters", [&](std::string_view name, value parameter) {
        if (name == "binary_data")
          return read_choice(parameter, place / ".parameters.binary_data", parsed.binary_data);
        if (name == "classification")
          return read_count(parameter, place / ".parameters.classification", parsed.classification);
        if (name == "shared_memory_region")
          return fail_shared_memory(place);
        return skip(parameter, 4);
      });
    });
    if (!is_read)
      return false;
    if (!parsed.name.bytes)
      return fail(place.text() + ": expected a name");
    return receiver.output(receiver.context, &parsed);
  }

  template <typename Read> bool read_parameters(value item, const Place &place, Read read) {
    object parameters;
    if (item.get_object().get(parameters))
      return fail(place.text() + ": expected an object");
    return for_members(parameters, place, read);
  }

  bool read_choice(value item, const Place &place, octet_choice &result) {
    bool truth;
    if (item.get_bool().get(truth))
      return fail(place.text() + ": expected true or false");
    result = truth ? OCTET_YES : OCTET_NO;
    return true;
  }

  bool read_count(value item, const Place &place, uint64_t &result) {
    uint64_t number;
    if (item.get_uint64().get(number))
      return fail(place.text() + ": expected a whole number that is not negative");
    result = number;
    return true;
  }

  bool read_byte_count(value item, Input &input) {
    uint64_t number = 0;
    if (!read_count(item, input.place / ".parameters.binary_data_size", number))
      return false;
    input.parsed.binary_byte_count = static_cast<int64_t>(std::min<uint64_t>(number, INT64_MAX));
    return true;
  }

  // A sequence is named by a number or by a text. Models that keep no state, and others there are none, answer each of
  // its requests as they answer any: so does Triton.
  bool read_sequence(value item) {
    uint64_t number;
    std::string_view name;
    return !item.get_uint64().get(number) || !item.get_string().get(name) ||
           fail("parameters.sequence_id: expected a whole number or a string");
  }

  bool fail_shared_memory(const Place &place) {
    return fail(place.text() + ": shared memory is not supported; send the tensor in the body");
  }

  bool read_shape(value item, const Place &place, Shape &shape) {
    array extents;
    if (item.get_array().get(extents))
      return fail(place.text() + ".shape: expected an array");
    for (auto extent : extents) {
      int64_t number;
      if (extent.get_int64().get(number) || number < 0)
        return fail(place.text() + ".shape: expected whole numbers that are not negative");
      if (shape.rank == Shape::kMaximumRank)
        return fail(place.text() + ".shape: has more than 32 axes");
      shape.extents[shape.rank++] = number;
    }
    return true;
  }
};

} // namespace

extern "C" bool octet_json_read_request(const char *text, size_t length, const octet_json_receiver *receiver,
                                        char *error, size_t error_capacity) {
  RequestReader reader({text, length}, *receiver);
  return run(reader, length, error, error_capacity);
}
