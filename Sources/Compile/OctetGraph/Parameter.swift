package import OctetTensor

/// An input of the model.
package struct Parameter: Operator {
  package static let name = "Parameter"
  package let type: TensorType

  package init(type: TensorType) { self.type = type }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(0, of: Self.name)
    return [type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    throw OperatorError("an input has no value of its own")
  }
}

/// A tensor of the model file.
package struct Constant: Operator {
  package static let name = "Const"
  package let tensor: Tensor

  package init(_ tensor: Tensor) { self.tensor = tensor }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(0, of: Self.name)
    return [tensor.type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] { [tensor] }

  package static func == (a: Constant, b: Constant) -> Bool {
    guard a.tensor.type == b.tensor.type else { return false }
    if a.tensor.storage === b.tensor.storage { return true }
    return a.tensor.withUnsafeBytes { left in b.tensor.withUnsafeBytes { left.elementsEqual($0) } }
  }
}
