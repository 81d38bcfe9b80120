package import OctetGraph
package import OctetTensor

/// The extents of the operand as a vector  (opset1, opset3).
package struct ShapeOf: Operator {
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

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] { [value(operands[0].shape)] }

  /// The result for an operand of this shape: it needs no elements.
  package func value(_ shape: Shape) -> Tensor {
    Tensor(outputType, Shape(valid: [shape.rank]), converting: shape.extents.map(Double.init))
  }
}
