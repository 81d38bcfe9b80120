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
  // Whether `parameters.sequence_id` names a sequence.
  bool is_sequence;
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

// The most bytes that one number takes, its comma included.
size_t octet_json_number_width(octet_number_type type);

// Writes numbers with commas between them and returns how many bytes that took. `text` has room for `count` times
// octet_json_number_width. What is not a finite number becomes null, since JSON has no other word for it.
size_t octet_json_write_numbers(octet_number_type type, const void *elements, size_t count, char *text);

#ifdef __cplusplus
}
#endif
