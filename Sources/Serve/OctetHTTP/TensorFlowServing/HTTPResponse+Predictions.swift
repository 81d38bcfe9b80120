import CSimdjson
import OctetServing
import OctetTensor

extension HTTPResponse {
  /// The answer to a predict request, arranged as that was:
  ///
  ///     rows:     {"predictions": [x, x, …]}  or  {"predictions": [{"a": x, "b": y}, …]}
  ///     columns:  {"outputs": x}              or  {"outputs": {"a": x, "b": y}}
  ///
  /// Numbers nest as the tensors' shapes say. As TensorFlow Serving does, it writes NaN, Infinity and -Infinity as these
  /// words.
  init(predictions response: InferenceResponse, names: [String], layout: PredictBody.Layout) throws(HTTPError) {
    let outputs = zip(names, response.outputs).map { (name: $0, tensor: $1.readableInJSON) }
    for output in outputs where output.tensor.elementType.numberType == nil {
      throw .badRequest("output '\(output.name)': JSON has no form for \(output.tensor.elementType.protocolName)")
    }
    let buffer = ByteBuffer(capacity: 4096)
    switch layout {
    case .rows(let count):
      for output in outputs where output.tensor.shape.extents.first != count {
        throw .badRequest(
          "output '\(output.name)' has shape \(output.tensor.shape) and cannot be split into \(count) predictions; "
            + "send inputs instead of instances")
      }
      buffer.append("{\"predictions\":[")
      for row in 0..<count {
        if row > 0 { buffer.append(",") }
        buffer.append(outputs) { tensor in
          buffer.appendNested(tensor, from: 1, first: row * (tensor.elementCount / count))
        }
      }
      buffer.append("]}")
    case .columns:
      buffer.append("{\"outputs\":")
      buffer.append(outputs) { tensor in buffer.appendNested(tensor, from: 0, first: 0) }
      buffer.append("}")
    }
    self.init(body: [.buffer(buffer)])
  }
}

extension Tensor {
  /// JSON has numbers, and 16-bit floats are numbers.
  fileprivate var readableInJSON: Tensor {
    elementType == .f16 || elementType == .bf16 ? Tensor(.f32, shape, elements: floats) : self
  }
}

extension ByteBuffer {
  /// The only output as it is, several as the members of an object.
  fileprivate func append(_ outputs: [(name: String, tensor: Tensor)], write: (Tensor) -> Void) {
    guard outputs.count != 1 else { return write(outputs[0].tensor) }
    append("{")
    for (index, output) in outputs.enumerated() {
      if index > 0 { append(",") }
      JSONValue.string(output.name).write(to: self)
      append(":")
      write(output.tensor)
    }
    append("}")
  }

  /// The part of a tensor that begins with element `first` and has the axes from `axis` on.
  fileprivate func appendNested(_ tensor: Tensor, from axis: Int, first: Int) {
    let rank = tensor.shape.rank
    guard axis < rank else {
      return appendNumbers(of: tensor, in: first..<first + 1, nonFinite: OCTET_NON_FINITE_WORD)
    }
    append("[")
    let extent = tensor.shape[axis]
    if axis == rank - 1 {
      appendNumbers(of: tensor, in: first..<first + extent, nonFinite: OCTET_NON_FINITE_WORD)
    } else {
      let step = tensor.shape.count(in: axis + 1..<rank)
      for index in 0..<extent {
        if index > 0 { append(",") }
        appendNested(tensor, from: axis + 1, first: first + index * step)
      }
    }
    append("]")
  }
}
