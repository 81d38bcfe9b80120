package import OctetGraph
package import OctetRuntime
package import OctetTensor

/// z[i] = f(x[i], y[i]) on truth values, with NumPy broadcasting.
package protocol ElementwiseLogical: Operator {
  static func apply(_ x: Bool, _ y: Bool) -> Bool
}

extension ElementwiseLogical {
  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let type = try Broadcasting.commonType(operands, of: Self.name)
    guard type.elementType == .boolean else {
      throw .mismatch("operands of \(Self.name)", expected: "booleans", found: "\(type.elementType)")
    }
    return [type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let (x, y) = (operands[0].elements(as: UInt8.self), operands[1].elements(as: UInt8.self))
    let result = Broadcasting.map(x, operands[0].shape, y, operands[1].shape, to: shape) {
      UInt8(Self.apply($0 != 0, $1 != 0) ? 1 : 0)
    }
    return [Tensor(.boolean, shape, elements: result)]
  }

  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    try ScalarMap(.integer { Self.apply($0 != 0, $1 != 0) ? 1 : 0 }, site) ?? ReferencePrimitive(self, site)
  }
}
