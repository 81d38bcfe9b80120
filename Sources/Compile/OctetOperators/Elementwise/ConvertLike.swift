package import OctetGraph
package import OctetTensor

/// The first operand in the element type of the second  (opset1).
package struct ConvertLike: Operator {
  package static let name = "ConvertLike"
  package static let readsPackedElements = true

  package init() {}

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    return try Convert(to: operands[1].elementType).resultTypes([operands[0]])
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    try Convert(to: operands[1].elementType).evaluate([operands[0]])
  }
}
