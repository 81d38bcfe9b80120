#include "body_reader.h"
#include "inferred_tensor.h"

#include <algorithm>

namespace {

using namespace octet;

// Reads the body of TensorFlow Serving's predict, whose tensors say neither their types nor their shapes:
//
//     {"instances": [x, x, …]}  ·  {"instances": [{"a": x, "b": y}, …]}  ·  {"inputs": x}  ·  {"inputs": {"a": x, "b":
//     y}}
//
// `{"b64": "…"}` stands for the bytes of one row.
class PredictReader : public BodyReader {
public:
  PredictReader(std::string_view body, const octet_json_port *ports, size_t port_count,
                const octet_predict_receiver &receiver)
      : BodyReader(body), ports(ports), port_count(port_count), receiver(receiver) {
    for (size_t index = 0; index < port_count; ++index) {
      tensors.emplace_back(ports[index].type);
      encoded_rows.push_back(0);
    }
  }

  bool read(parser &json) {
    if (!read_body(json, [&](object root) { return read_root(root); }))
      return false;
    if (!is_row && !is_column)
      return fail("expected instances or inputs");
    for (size_t index = 0; index < port_count; ++index) {
      if (!check(index))
        return false;
      const octet_json_tensor tensor = tensors[index].release();
      if (!receiver.tensor(receiver.context, index, &tensor))
        return fail("");
    }
    const octet_predict_envelope envelope{signature, is_row, row_count};
    return receiver.envelope(receiver.context, &envelope) || fail("");
  }

private:
  const octet_json_port *ports;
  size_t port_count;
  const octet_predict_receiver &receiver;
  std::vector<InferredTensor> tensors;
  // Rows of each input that came as base64.
  std::vector<size_t> encoded_rows;
  octet_text signature{};
  bool is_row = false;
  bool is_column = false;
  size_t row_count = 0;

  std::string_view name(size_t port) const { return {ports[port].name.bytes, ports[port].name.length}; }

  Place place(size_t port) const { return {"input", std::nullopt, "", name(port)}; }

  bool fail_tensor(size_t port) { return fail(place(port).text() + ": " + tensors[port].error); }

  std::optional<size_t> port(std::string_view wanted) const {
    for (size_t index = 0; index < port_count; ++index)
      if (name(index) == wanted)
        return index;
    return std::nullopt;
  }

  bool read_root(object root) {
    return for_members(root, {"the request"}, [&](std::string_view key, value item) {
      if (key == "signature_name")
        return read_text(item, {"signature_name"}, signature);
      if (key == "instances" || key == "inputs") {
        if (is_row || is_column)
          return fail("expected either instances or inputs, found both");
        (key == "instances" ? is_row : is_column) = true;
        return is_row ? read_rows(item) : read_columns(item);
      }
      return skip(item, 1);
    });
  }

  // MARK: Rows

  bool read_rows(value item) {
    array rows;
    size_t count = 0;
    if (item.get_array().get(rows))
      return fail("instances: expected an array");
    if (error_code code = rows.count_elements().get(count))
      return fail_syntax(code);
    if (count == 0)
      return fail("instances: expected at least one");
    for (auto row : rows) {
      value instance;
      if (error_code code = row.get(instance))
        return fail_syntax(code);
      const Place place{"instances", row_count++};
      const bool is_object = instance.raw_json_token().substr(0, 1) == "{";
      if (is_object ? !read_named_row(instance, place, count) : !read_only_input(instance, place, count, 1))
        return false;
    }
    for (size_t index = 0; index < port_count; ++index)
      if (!tensors[index].is_empty() && !tensors[index].set_extent(0, static_cast<int64_t>(row_count)))
        return fail_tensor(index);
    return true;
  }

  bool read_only_input(value &item, const Place &place, size_t rows, size_t level) {
    if (port_count != 1)
      return fail(place.text() + ": the model has " + std::to_string(port_count) +
                  " inputs; expected an object with each");
    return read_tensor(0, item, rows, level);
  }

  // One value for each input, or base64 for the only one.
  bool read_named_row(value &item, const Place &place, size_t rows) {
    size_t members = 0;
    bool is_encoded = false;
    const bool is_read = for_object(item, place, [&](std::string_view key, value member) {
      ++members;
      if (const auto index = port(key))
        return read_tensor(*index, member, rows, 1);
      is_encoded = key == "b64" && port_count == 1;
      return is_encoded ? read_encoded(0, member)
                        : fail(place.text() + ": the model has no input '" + excerpt(key) + "'");
    });
    if (!is_read)
      return false;
    const size_t expected = is_encoded ? 1 : port_count;
    return members == expected ||
           fail(place.text() + ": expected " + std::to_string(expected) + " members, found " + std::to_string(members));
  }

  // MARK: Columns

  bool read_columns(value &item) {
    if (item.raw_json_token().substr(0, 1) != "{")
      return read_only_input(item, {"inputs"}, 0, 0);
    return for_object(item, {"inputs"}, [&](std::string_view key, value member) {
      if (const auto index = port(key))
        return read_tensor(*index, member, 0, 0);
      if (key == "b64" && port_count == 1)
        return read_encoded(0, member);
      return fail("inputs: the model has no input '" + excerpt(key) + "'");
    });
  }

  // MARK: Tensors

  // Reads what stands `level` axes inside of a tensor of `rows` rows; where nobody knows how many, they are counted.
  bool read_tensor(size_t index, value &item, size_t rows, size_t level) {
    const std::string_view token = item.raw_json_token();
    if (token.substr(0, 1) == "{")
      return for_object(item, place(index), [&](std::string_view key, value member) {
        return key == "b64" ? read_encoded(index, member)
                            : fail(place(index).text() + ": expected b64, found '" + excerpt(key) + "'");
      });
    if (level == 0 && token.substr(0, 1) == "[") {
      array elements;
      if (item.get_array().get(elements))
        return fail(place(index).text() + ": is not JSON");
      if (error_code code = elements.count_elements().get(rows))
        return fail_syntax(code);
      return read_column(index, elements, rows);
    }
    std::string_view text = token;
    if (token.substr(0, 1) == "[") {
      array numbers;
      if (error_code code = item.get_array().get(numbers))
        return fail_syntax(code);
      if (error_code code = numbers.raw_json().get(text))
        return fail_syntax(code);
    }
    return (tensors[index].reserve(capacity(index, rows)) && tensors[index].read(text, level)) || fail_tensor(index);
  }

  bool read_column(size_t index, array elements, size_t rows) {
    for (auto element : elements) {
      value item;
      if (error_code code = element.get(item))
        return fail_syntax(code);
      if (!read_tensor(index, item, rows, 1))
        return false;
    }
    if (encoded_rows[index] > 0)
      return true;
    return tensors[index].set_extent(0, static_cast<int64_t>(rows)) || fail_tensor(index);
  }

  bool read_encoded(size_t index, value &item) {
    octet_text encoded{};
    if (!read_text(item, {"b64"}, encoded))
      return false;
    ++encoded_rows[index];
    return receiver.encoded(receiver.context, index, encoded) || fail("");
  }

  // As many elements as `rows` rows of the model's have, and never more than the text can hold: each takes two bytes.
  size_t capacity(size_t index, size_t rows) const {
    size_t elements = std::max<size_t>(rows, 1);
    for (size_t axis = 1; axis < ports[index].rank; ++axis)
      if (ports[index].shape[axis] < 0 ||
          __builtin_mul_overflow(elements, static_cast<size_t>(ports[index].shape[axis]), &elements))
        elements = SIZE_MAX / 16;
    return std::min(elements, body.size() / 2 + 1);
  }

  bool check(size_t index) {
    const std::string input = place(index).text();
    const bool has_numbers = !tensors[index].is_empty();
    if (!has_numbers && encoded_rows[index] == 0)
      return fail(input + " is missing");
    if (has_numbers && encoded_rows[index] > 0)
      return fail(input + ": numbers and b64 stand side by side");
    return true;
  }

  template <typename Read> bool for_object(value &item, const Place &place, Read read) {
    object members;
    if (item.get_object().get(members))
      return fail(place.text() + ": expected an object");
    return for_members(members, place, read);
  }
};

} // namespace

extern "C" bool octet_json_read_predict(const char *text, size_t length, const octet_json_port *ports,
                                        size_t port_count, const octet_predict_receiver *receiver, char *error,
                                        size_t error_capacity) {
  PredictReader reader({text, length}, ports, port_count, *receiver);
  return run(reader, length, error, error_capacity);
}
