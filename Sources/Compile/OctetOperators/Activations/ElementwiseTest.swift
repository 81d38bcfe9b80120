package import OctetGraph
package import OctetTensor

/// y[i] = whether something holds for x[i]
package protocol ElementwiseTest: Operator {
  func holds(_ x: Double) -> Bool
}

extension ElementwiseTest {
  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    guard operands[0].elementType.isFloatingPoint else {
      throw .mismatch("operand of \(Self.name)", expected: "floating point", found: "\(operands[0].elementType)")
    }
    return [operands[0].type.with(elementType: .boolean)]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    [Tensor(.boolean, operands[0].shape, elements: operands[0].doubles.map { UInt8(holds($0) ? 1 : 0) })]
  }
}
