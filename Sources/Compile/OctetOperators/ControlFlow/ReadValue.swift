package import OctetGraph
package import OctetTensor

/// What a variable holds when an inference begins  (opset3, opset6).
///
/// A request stands for itself: every inference begins with the state that `reset_state` of OpenVINO gives, the operand
/// where there is one and zeros where there is none. Two requests in a row see the same state, whoever sent them.
package struct ReadValue: Operator {
  package static let name = "ReadValue"
  package let variable: String
  /// The type of the variable; nil: that of the operand.
  package let type: TensorType?

  package init(variable: String, type: TensorType?) throws(OperatorError) {
    if let type, !type.elementType.isByteAddressable {
      throw .mismatch("type of variable '\(variable)'", expected: "elements of 8 bits or more", found: "\(type)")
    }
    self.variable = variable
    self.type = type
  }

  package var attributes: String { "'\(variable)'" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(0...1, of: Self.name)
    guard let initial = operands.first?.type else {
      // Extents that the variable leaves open are 0 until something is assigned to it.
      guard let type, let shape = Shape(type.shape.dimensions.map { $0.fixedExtent ?? 0 }) else {
        throw .mismatch("variable '\(variable)'", expected: "a type or an initial value", found: "neither")
      }
      return [TensorType(type.elementType, shape)]
    }
    guard let type else { return [initial] }
    guard type.elementType == initial.elementType, type.shape.isCompatible(with: initial.shape) else {
      throw .mismatch("initial value of variable '\(variable)'", expected: "\(type)", found: "\(initial)")
    }
    return [initial]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    if let initial = operands.first { return [initial] }
    guard let type = type?.elementType else { throw OperatorError("variable '\(variable)' has no type") }
    return [Tensor(type, try fixedResultShape(operands))]
  }
}
