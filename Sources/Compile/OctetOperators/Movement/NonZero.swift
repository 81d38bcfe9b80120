package import OctetGraph
package import OctetTensor

/// The coordinates of all elements that are not 0: [rank, how many], in row-major order  (opset3).
package struct NonZero: Operator {
  package static let name = "NonZero"
  package let outputType: ElementType

  package init(outputType: ElementType) throws(OperatorError) {
    guard outputType == .i64 || outputType == .i32 else {
      throw .mismatch("output type of NonZero", expected: "i32 or i64", found: "\(outputType)")
    }
    self.outputType = outputType
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    guard operands[0].elementType != .string else {
      throw .mismatch("operand of NonZero", expected: "numbers", found: "strings")
    }
    let count = operands[0].constant.map { Dimension.fixed(Self.places($0).count) } ?? .dynamic
    return [TensorType(outputType, [.fixed(operands[0].shape.rank), count])]
  }

  private static func places(_ tensor: Tensor) -> [Int] {
    tensor.doubles.enumerated().filter { $0.element != 0 }.map(\.offset)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = operands[0].shape
    let coordinates = Self.places(operands[0]).map(shape.coordinates)
    let values = shape.extents.indices.flatMap { axis in coordinates.map { Double($0[axis]) } }
    return [Tensor(outputType, Shape(valid: [shape.rank, coordinates.count]), converting: values)]
  }
}
