package import OctetGraph
package import OctetTensor

/// y = x, kept in a variable for the next inference  (opset3, opset6).
///
/// `ReadValue` begins every inference anew, so that what is kept is never read; y may have readers of its own.
package struct Assign: Operator {
  package static let name = "Assign"
  package let variable: String

  package init(variable: String) { self.variable = variable }

  package var attributes: String { "'\(variable)'" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] { operands }
}
