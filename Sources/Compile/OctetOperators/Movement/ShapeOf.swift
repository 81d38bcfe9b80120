package import OctetGraph
package import OctetTensor

/// The extents of the operand as a vector  (opset1, opset3).
package struct ShapeOf: ShapeFunction {
  package static let name = "ShapeOf"
  package let outputType: ElementType

  package init(outputType: ElementType) throws(OperatorError) {
    guard outputType == .i64 || outputType == .i32 else {
      throw .mismatch("output type of ShapeOf", expected: "i32 or i64", found: "\(outputType)")
    }
    self.outputType = outputType
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    return [TensorType(outputType, Shape(valid: [operands[0].shape.rank]))]
  }

  package func value(_ shape: Shape) -> Tensor {
    Tensor(outputType, Shape(valid: [shape.rank]), converting: shape.extents.map(Double.init))
  }
}

/// An operator with one operand and one result that reads the shape of the operand, but none of its elements.
package protocol ShapeFunction: Operator {
  func value(_ shape: Shape) throws(OperatorError) -> Tensor
}

extension ShapeFunction {
  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] { [try value(operands[0].shape)] }
}
