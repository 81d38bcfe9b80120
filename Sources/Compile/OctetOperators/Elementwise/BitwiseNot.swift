package import OctetGraph
package import OctetTensor

/// y = NOT x, bit by bit; for truth values the opposite  (opset13)
package struct BitwiseNot: Operator {
  package static let name = "BitwiseNot"

  package init() {}

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    let type = operands[0].type
    guard type.elementType.isInteger || type.elementType == .boolean, type.elementType.isByteAddressable else {
      throw .mismatch("operand of BitwiseNot", expected: "integers or booleans", found: "\(type.elementType)")
    }
    return [type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let isBoolean = operands[0].elementType == .boolean
    let result = operands[0].bitPatterns.map { isBoolean ? 1 - min($0, 1) : ~$0 }
    return [Tensor(operands[0].elementType, operands[0].shape, bitPatterns: result)]
  }
}
