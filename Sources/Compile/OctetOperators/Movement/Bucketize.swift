package import OctetGraph
package import OctetTensor

/// y = how many boundaries lie below x; operands x and ascending boundaries  (opset3).
///
/// A boundary equal to x counts unless intervals include their right bound.
package struct Bucketize: Operator {
  package static let name = "Bucketize"
  package let outputType: ElementType
  package let includesRightBound: Bool

  package init(outputType: ElementType, includesRightBound: Bool) throws(OperatorError) {
    guard outputType == .i64 || outputType == .i32 else {
      throw .mismatch("output type of Bucketize", expected: "i32 or i64", found: "\(outputType)")
    }
    self.outputType = outputType
    self.includesRightBound = includesRightBound
  }

  package var attributes: String { includesRightBound ? "right" : "left" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    guard operands.allSatisfy({ $0.elementType != .string }), operands[1].shape.rank == 1 else {
      throw .mismatch("boundaries of Bucketize", expected: "a vector of numbers", found: "\(operands[1].type)")
    }
    return [operands[0].type.with(elementType: outputType)]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let boundaries = operands[1].doubles
    let y = operands[0].doubles.map { x in
      Double(boundaries.count { includesRightBound ? $0 < x : $0 <= x })
    }
    return [Tensor(outputType, operands[0].shape, converting: y)]
  }
}
