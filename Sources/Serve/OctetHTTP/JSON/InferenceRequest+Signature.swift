import OctetRuntime
import OctetServing
import OctetTensor

/// Which outputs the client wants, in its order, and which of them as raw bytes.
struct ResponseFormat: Equatable {
  struct Output: Equatable {
    /// Index into the outputs of the signature.
    let index: Int
    let isBinary: Bool
    /// How many of the largest values are wanted with their places instead of the tensor; nil for the tensor.
    var classes: Int?
  }

  let identifier: String?
  let outputs: [Output]
}

extension InferenceBody {
  /// The request's tensors in the model's order.
  ///
  /// - Throws: what the first input is that the model does not take as it is.
  func tensors(for signature: ModelSignature) throws(HTTPError) -> [Tensor] {
    for (index, input) in inputs.enumerated() {
      guard signature.inputs.contains(where: { $0.name == input.name }) else {
        throw .badRequest("there is no input '\(input.name.prefix(64))'; the model has \(signature.inputs.names)")
      }
      guard !inputs[..<index].contains(where: { $0.name == input.name }) else {
        throw .badRequest("input '\(input.name.prefix(64))' stands there twice")
      }
    }
    var tensors: [Tensor] = []
    for port in signature.inputs {
      guard let input = inputs.first(where: { $0.name == port.name }) else {
        throw .badRequest("input '\(port.name)' is missing")
      }
      try port.check(input.elementType, input.shape)
      tensors.append(input.tensor)
    }
    return tensors
  }

  /// What the answer should hold: the listed outputs, or all of them.
  func format(for signature: ModelSignature) throws(HTTPError) -> ResponseFormat {
    var wanted: [ResponseFormat.Output] = []
    for output in outputs {
      guard let index = signature.outputs.firstIndex(where: { $0.name == output.name }) else {
        throw .badRequest("there is no output '\(output.name.prefix(64))'; the model has \(signature.outputs.names)")
      }
      guard !wanted.contains(where: { $0.index == index }) else {
        throw .badRequest("output '\(output.name.prefix(64))' stands there twice")
      }
      wanted.append(
        ResponseFormat.Output(
          index: index, isBinary: output.isBinary ?? prefersBinary,
          classes: output.classes > 0 ? output.classes : nil))
    }
    if outputs.isEmpty {
      wanted = signature.outputs.indices.map { ResponseFormat.Output(index: $0, isBinary: prefersBinary) }
    }
    for output in wanted where !output.isBinary || output.classes != nil {
      let port = signature.outputs[output.index]
      guard output.classes == nil || port.type.elementType != .string else {
        throw .badRequest("output '\(port.name)': only numbers can be classified")
      }
      guard output.classes != nil || port.type.elementType.numberType != nil else {
        throw .badRequest(
          "output '\(port.name)': JSON has no form for \(port.type.elementType.protocolName); ask for binary data")
      }
    }
    return ResponseFormat(identifier: identifier, outputs: wanted)
  }
}

extension Port {
  func check(_ elementType: ElementType, _ shape: Shape) throws(HTTPError) {
    guard elementType == type.elementType else {
      throw .badRequest("input '\(name)' takes \(type.elementType.protocolName), not \(elementType.protocolName)")
    }
    guard type.shape.accepts(shape) else {
      throw .badRequest("input '\(name)' takes shape \(type.shape.protocolText), not \(shape)")
    }
  }
}

extension [Port] {
  /// `'image', 'mask'`, cut short for models that have very many.
  fileprivate var names: String {
    let first = prefix(8).map { "'\($0.name)'" }.joined(separator: ", ")
    return count > 8 ? first + ", …" : first
  }
}

extension PartialShape {
  /// Extents as the protocol writes them: -1 for one that is open.
  var protocolExtents: [Int] { dimensions.map { $0.fixedExtent ?? -1 } }

  var protocolText: String { "\(protocolExtents)" }
}
