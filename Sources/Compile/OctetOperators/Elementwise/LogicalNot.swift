package import OctetGraph
package import OctetRuntime
package import OctetTensor

/// y = the opposite of x  (opset1)
package struct LogicalNot: Operator {
  package static let name = "LogicalNot"

  package init() {}

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    guard operands[0].elementType == .boolean else {
      throw .mismatch("operand of LogicalNot", expected: "booleans", found: "\(operands[0].elementType)")
    }
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let result = operands[0].elements(as: UInt8.self).map { UInt8($0 == 0 ? 1 : 0) }
    return [Tensor(.boolean, operands[0].shape, elements: result)]
  }

  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    try ScalarMap(.unary { $0 == 0 ? 1 : 0 }, site) ?? ReferencePrimitive(self, site)
  }
}
