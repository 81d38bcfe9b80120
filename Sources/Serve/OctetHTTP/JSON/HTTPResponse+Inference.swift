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
    let buffer = ByteBuffer(capacity: format.outputs.reduce(256) { $0 + $1.byteCount(of: response) })
    var parts: [Part] = [.buffer(buffer)]
    // Names of models need no escapes.
    buffer.append(#"{"model_name":""#)
    buffer.append(model.name)
    buffer.append(#"","model_version":""#)
    buffer.append(decimal: model.version)
    buffer.append("\"")
    if let identifier = format.identifier {
      buffer.append(#","id":"#)
      buffer.append(quoted: identifier)
    }
    buffer.append(#","outputs":["#)
    for (position, output) in format.outputs.enumerated() {
      let tensor = response.outputs[output.index]
      let name = model.signature.outputs[output.index].name
      if position > 0 { buffer.append(",") }
      buffer.append("{")
      if let count = output.classes {
        let classes = Classification(of: tensor, isBatch: model.signature.isBatchable, count: count)
        parts += classes.write(to: buffer, named: name, labels: model.source.classLabels, isBinary: output.isBinary)
      } else {
        parts += tensor.write(to: buffer, named: name, isBinary: output.isBinary)
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
}

extension ResponseFormat.Output {
  /// About as many bytes as its JSON takes.
  fileprivate func byteCount(of response: InferenceResponse) -> Int {
    let tensor = response.outputs[index]
    guard !isBinary, classes == nil, let type = tensor.elementType.numberType else { return 128 }
    return 128 + tensor.elementCount * octet_json_number_width(type)
  }
}

extension Tensor {
  /// Writes the members of an output, and returns what stands behind the JSON.
  fileprivate func write(to buffer: ByteBuffer, named name: String, isBinary: Bool) -> [HTTPResponse.Part] {
    buffer.appendDescription(
      name, elementType, shape.extents, binaryByteCount: isBinary ? byteCount : nil)
    if isBinary { return byteCount > 0 ? [.tensor(self)] : [] }
    buffer.append(",\"data\":[")
    buffer.appendNumbers(of: self)
    buffer.append("]")
    return []
  }
}

extension Classification {
  /// Writes the members of an output of BYTES, `"value:place"` or `"value:place:label"`, and returns what stands behind
  /// the JSON: each text behind its length in four bytes.
  fileprivate func write(
    to buffer: ByteBuffer, named name: String, labels: [String], isBinary: Bool
  ) -> [HTTPResponse.Part] {
    let texts = classes.map { $0.text(labels) }
    guard isBinary else {
      buffer.appendDescription(name, .string, shape, binaryByteCount: nil)
      buffer.append(",\"data\":")
      JSONValue.array(texts.map(JSONValue.string)).write(to: buffer)
      return []
    }
    let bytes = ByteBuffer()
    for text in texts {
      withUnsafeBytes(of: UInt32(clamping: text.utf8.count).littleEndian) { bytes.append($0) }
      bytes.append(text)
    }
    buffer.appendDescription(name, .string, shape, binaryByteCount: bytes.count)
    return bytes.count > 0 ? [.buffer(bytes)] : []
  }
}

extension ByteBuffer {
  /// `"name": …, "datatype": …, "shape": […]`
  fileprivate func appendDescription(
    _ name: String, _ elementType: ElementType, _ shape: [Int], binaryByteCount: Int?
  ) {
    append(#""name":"#)
    append(quoted: name)
    append(#","datatype":""#)
    append(elementType.protocolName)
    append(#"","shape":["#)
    for (axis, extent) in shape.enumerated() {
      if axis > 0 { append(",") }
      append(decimal: extent)
    }
    append("]")
    guard let binaryByteCount else { return }
    append(#","parameters":{"binary_data_size":"#)
    append(decimal: binaryByteCount)
    append("}")
  }

  /// A JSON string.
  fileprivate func append(quoted text: String) {
    let isPlain = text.utf8.allSatisfy { 0x20...0x7E ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    guard isPlain else { return JSONValue.string(text).write(to: self) }
    append("\"")
    append(text)
    append("\"")
  }

  /// Elements with commas between them.
  func appendNumbers(
    of tensor: Tensor, in range: Range<Int>? = nil, nonFinite: octet_non_finite = OCTET_NON_FINITE_NULL
  ) {
    guard let type = tensor.elementType.numberType else {
      preconditionFailure("JSON has no form for \(tensor.elementType)")
    }
    let range = range ?? 0..<tensor.elementCount
    tensor.withUnsafeBytes { elements in
      let first = elements.baseAddress.map { $0 + range.lowerBound * octet_json_number_size(type) }
      append(upTo: range.count * octet_json_number_width(type)) { text in
        octet_json_write_numbers(type, nonFinite, first, range.count, text)
      }
    }
  }
}
