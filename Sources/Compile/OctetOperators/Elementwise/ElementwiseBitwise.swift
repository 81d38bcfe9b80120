package import OctetGraph
package import OctetRuntime
package import OctetTensor

/// z[i] = f(x[i], y[i]) on the bits of integers or on truth values, with NumPy broadcasting.
package protocol ElementwiseBitwise: Operator {
  static func apply(_ x: Int64, _ y: Int64) -> Int64
}

extension ElementwiseBitwise {
  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let type = try Broadcasting.commonType(operands, of: Self.name)
    guard type.elementType.isInteger || type.elementType == .boolean, type.elementType.isByteAddressable else {
      throw .mismatch("operands of \(Self.name)", expected: "integers or booleans", found: "\(type.elementType)")
    }
    return [type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let (x, y) = (operands[0].bitPatterns, operands[1].bitPatterns)
    let result = Broadcasting.map(x, operands[0].shape, y, operands[1].shape, to: shape, Self.apply)
    return [Tensor(operands[0].elementType, shape, bitPatterns: result)]
  }

  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    try ScalarMap(.integer { Self.apply($0, $1) }, site) ?? ReferencePrimitive(self, site)
  }
}
