package import OctetGraph
package import OctetTensor

/// y = x  (opset16).
package struct Identity: Operator {
  package static let name = "Identity"
  package static let readsPackedElements = true

  package init() {}

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] { operands }
}
