package import OctetGraph
package import OctetTensor

/// y = x where x ≥ 0, slope · x elsewhere; the second operand holds the slopes  (opset1).
///
/// A vector of slopes belongs to axis 1; other shapes broadcast.
package struct PReLU: Operator {
  package static let name = "PReLU"

  package init() {}

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    guard operands[0].elementType.isFloatingPoint, operands[1].elementType == operands[0].elementType else {
      throw .mismatch("operands of PReLU", expected: "floating point", found: "\(operands.map(\.type))")
    }
    let shape = try Broadcasting.shape(operands[0].shape, Self.aligned(operands[1].shape, to: operands[0].shape))
    guard shape == operands[0].shape else {
      throw .mismatch(
        "slopes of PReLU", expected: "to broadcast to \(operands[0].shape)", found: "\(operands[1].shape)")
    }
    return [operands[0].type]
  }

  /// A vector of slopes gets the axes behind the channels.
  package static func aligned(_ slopes: PartialShape, to x: PartialShape) -> PartialShape {
    guard slopes.rank == 1, x.rank > 1, slopes[0] != 1 else { return slopes }
    return PartialShape([slopes[0]] + [Dimension](repeating: 1, count: x.rank - 2))
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = operands[0].shape
    let aligned = Self.aligned(PartialShape(operands[1].shape), to: PartialShape(shape)).fixed ?? operands[1].shape
    let slopes = operands[1].doubles
    let indices = Broadcasting.indices(of: aligned, in: shape)
    let y = zip(operands[0].doubles, indices).map { x, index in x < 0 ? x * slopes[index] : x }
    return [Tensor(operands[0].elementType, shape, converting: y)]
  }
}
