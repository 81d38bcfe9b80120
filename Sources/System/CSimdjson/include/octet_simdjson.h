// Reads the JSON of an inference request in one pass and writes the numbers of a response.
//
// Reading is simdjson's On-Demand front end: numbers go from the text into the tensor's memory, and no tree is built.
// Writing is the standard library's shortest text that reads back as the same value.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The element types that JSON has a form for.
typedef enum octet_number_type {
  OCTET_NUMBER_F64,
  OCTET_NUMBER_F32,
  OCTET_NUMBER_I64,
  OCTET_NUMBER_I32,
  OCTET_NUMBER_I16,
  OCTET_NUMBER_I8,
  OCTET_NUMBER_U64,
  OCTET_NUMBER_U32,
  OCTET_NUMBER_U16,
  OCTET_NUMBER_U8,
  OCTET_NUMBER_BOOLEAN,
} octet_number_type;

// Bytes that are valid only during the call that hands them over. `bytes` is NULL where the request says nothing.
typedef struct octet_text {
  const char *bytes;
  size_t length;
} octet_text;

// Yes, no, or nothing said.
typedef enum octet_choice { OCTET_UNSAID, OCTET_NO, OCTET_YES } octet_choice;

typedef struct octet_json_input {
  octet_text name;
  octet_text datatype;
  const int64_t *shape;
  size_t rank;
  bool has_data;
  // `parameters.binary_data_size`, or -1.
  int64_t binary_byte_count;
} octet_json_input;

// Where the numbers of an input go.
typedef struct octet_json_destination {
  octet_number_type type;
  void *elements;
  size_t count;
} octet_json_destination;

typedef struct octet_json_output {
  octet_text name;
  octet_choice binary_data;
  // `parameters.classification`, or 0.
  uint64_t classification;
} octet_json_output;

typedef struct octet_json_envelope {
  octet_text identifier;
  octet_text model_name;
  octet_choice binary_data_output;
  // `parameters.timeout` in microseconds, or 0.
  uint64_t timeout;
  // `parameters.priority`: 1 is the highest, 0 nothing said.
  uint64_t priority;
} octet_json_envelope;

// Takes the parts of a request. A call that returns false ends the reading; the receiver knows why.
typedef struct octet_json_receiver {
  void *context;
  // Called as soon as an input's name, type and shape are known; `destination` is to be set where it has data.
  bool (*input)(void *context, const octet_json_input *input, octet_json_destination *destination);
  bool (*output)(void *context, const octet_json_output *output);
  void (*envelope)(void *context, const octet_json_envelope *envelope);
} octet_json_receiver;

// Bytes that must be readable behind the text.
#define OCTET_JSON_PADDING 64

// Arrays and objects within one another, at most.
#define OCTET_JSON_MAXIMUM_DEPTH 100

// Reads the request in `text`, behind which OCTET_JSON_PADDING more bytes are readable. Returns false when it is not
// one: `error` then holds a sentence, or an empty string where the receiver refused.
bool octet_json_read_request(const char *text, size_t length, const octet_json_receiver *receiver, char *error,
                             size_t error_capacity);

// One input of a model, as far as reading its numbers goes. An open extent is -1.
typedef struct octet_json_port {
  octet_text name;
  octet_number_type type;
  const int64_t *shape;
  size_t rank;
} octet_json_port;

// A tensor that has been read. `elements` belongs to whoever receives it, stands at a multiple of 64 bytes, has 64 more
// behind it, and is to be given to `free`; it is NULL where the input came as base64 or has no elements.
typedef struct octet_json_tensor {
  void *elements;
  size_t count;
  const int64_t *shape;
  size_t rank;
} octet_json_tensor;

typedef struct octet_predict_envelope {
  octet_text signature_name;
  // Whether the request has instances, and how many; else it has inputs.
  bool is_row;
  size_t row_count;
} octet_predict_envelope;

// Takes the parts of a predict request. A call that returns false ends the reading; the receiver knows why.
typedef struct octet_predict_receiver {
  void *context;
  // One row of an input, in base64. Called for rows in their order, before `tensor`.
  bool (*encoded)(void *context, size_t port, octet_text base64);
  bool (*tensor)(void *context, size_t port, const octet_json_tensor *tensor);
  bool (*envelope)(void *context, const octet_predict_envelope *envelope);
} octet_predict_receiver;

// Reads the body of TensorFlow Serving's predict for a model with these inputs. As octet_json_read_request does it.
bool octet_json_read_predict(const char *text, size_t length, const octet_json_port *ports, size_t port_count,
                             const octet_predict_receiver *receiver, char *error, size_t error_capacity);

// Bytes of one element in memory.
size_t octet_json_number_size(octet_number_type type);

// The most bytes that one number takes, its comma included.
size_t octet_json_number_width(octet_number_type type);

// What becomes of a number that is not finite: null, since JSON has no other word for it, or NaN, Infinity, -Infinity,
// which many readers know.
typedef enum octet_non_finite { OCTET_NON_FINITE_NULL, OCTET_NON_FINITE_WORD } octet_non_finite;

// Writes numbers with commas between them and returns how many bytes that took. `text` has room for `count` times
// octet_json_number_width.
size_t octet_json_write_numbers(octet_number_type type, octet_non_finite non_finite, const void *elements, size_t count,
                                char *text);

#ifdef __cplusplus
}
#endif
