package import OctetGraph
package import OctetRuntime
package import OctetTensor

/// z[i] = whether x[i] and y[i] stand in some order, with NumPy broadcasting.
package protocol ElementwiseComparison: Operator {
  static func holds<Number: Comparable>(_ x: Number, _ y: Number) -> Bool
}

extension ElementwiseComparison {
  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let type = try Broadcasting.commonType(operands, of: Self.name)
    guard type.elementType != .string else {
      throw .mismatch("operands of \(Self.name)", expected: "numbers", found: "strings")
    }
    return [type.with(elementType: .boolean)]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    // Integers of 64 bits are not all different in f64.
    let result =
      if operands[0].elementType.isInteger, let x = operands[0].integers, let y = operands[1].integers {
        Broadcasting.map(x, operands[0].shape, y, operands[1].shape, to: shape) { UInt8(Self.holds($0, $1) ? 1 : 0) }
      } else {
        Broadcasting.map(operands[0].doubles, operands[0].shape, operands[1].doubles, operands[1].shape, to: shape) {
          UInt8(Self.holds($0, $1) ? 1 : 0)
        }
      }
    return [Tensor(.boolean, shape, elements: result)]
  }

  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let function: ScalarMap.Function =
      site.operands[0].elementType.isInteger
      ? .integer { Self.holds($0, $1) ? 1 : 0 } : .real { Self.holds($0, $1) ? 1 : 0 }
    return try ScalarMap(function, site) ?? ReferencePrimitive(self, site)
  }
}
