import CSimdjson
import OctetRuntime
import OctetServing
import OctetTensor

extension HTTPResponse {
  /// The answer to an inference:  {envelope, "outputs": [{…, "data": […]}]}  and behind it the raw outputs.
  ///
  /// Numbers are written as the shortest text that reads back as the same value. What is not finite becomes null, which
  /// keeps the answer JSON and which clients read as NaN; binary outputs hold it exactly.
  init(_ response: InferenceResponse, from model: ServedModel, format: ResponseFormat) {
    let buffer = ByteBuffer(capacity: 4096)
    var parts: [Part] = [.buffer(buffer)]
    buffer.append("{")
    Self.envelope(model, format).write(to: buffer, isOpen: true)
    buffer.append(",\"outputs\":[")
    for (position, output) in format.outputs.enumerated() {
      let tensor = response.outputs[output.index]
      if position > 0 { buffer.append(",") }
      buffer.append("{")
      Self.description(of: tensor, named: model.signature.outputs[output.index].name, output).write(
        to: buffer, isOpen: true)
      if output.isBinary {
        if tensor.byteCount > 0 { parts.append(.tensor(tensor)) }
      } else {
        buffer.append(",\"data\":[")
        buffer.appendNumbers(of: tensor)
        buffer.append("]")
      }
      buffer.append("}")
    }
    buffer.append("]}")
    self.init(body: parts)
    if parts.count > 1 {
      contentType = "application/octet-stream"
      headers.append(("Inference-Header-Content-Length", String(buffer.count)))
    }
  }

  private static func envelope(_ model: ServedModel, _ format: ResponseFormat) -> JSONValue {
    var members: [JSONValue.Member] = [
      JSONValue.Member(name: "model_name", value: .string(model.name)),
      JSONValue.Member(name: "model_version", value: .string(String(model.version))),
    ]
    if let identifier = format.identifier {
      members.append(JSONValue.Member(name: "id", value: .string(identifier)))
    }
    return .object(members)
  }

  private static func description(
    of tensor: Tensor, named name: String, _ output: ResponseFormat.Output
  ) -> JSONValue {
    var members: [JSONValue.Member] = [
      JSONValue.Member(name: "name", value: .string(name)),
      JSONValue.Member(name: "datatype", value: .string(tensor.elementType.protocolName)),
      JSONValue.Member(name: "shape", value: .array(tensor.shape.extents.map { .integer(Int64($0)) })),
    ]
    if output.isBinary {
      members.append(
        JSONValue.Member(
          name: "parameters", value: .object(("binary_data_size", .integer(Int64(tensor.byteCount))))))
    }
    return .object(members)
  }
}

extension ByteBuffer {
  /// The elements with commas between them.
  func appendNumbers(of tensor: Tensor) {
    guard let type = tensor.elementType.numberType else {
      preconditionFailure("JSON has no form for \(tensor.elementType)")
    }
    tensor.withUnsafeBytes { elements in
      append(upTo: tensor.elementCount * octet_json_number_width(type)) { text in
        octet_json_write_numbers(type, elements.baseAddress, tensor.elementCount, text)
      }
    }
  }
}
