package import OctetGraph
package import OctetTensor

/// Inserts axes of extent 1 at the places that the second operand names  (opset1).
package struct Unsqueeze: Rearrangement {
  package static let name = "Unsqueeze"

  package init() {}

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    guard let axes = try operands.integers(at: 1, "axes of Unsqueeze") else {
      throw OperatorError("the axes of Unsqueeze are not known")
    }
    let rank = operands[0].shape.rank + axes.count
    let inserted = try Axis.normalized(axes, rank: rank, of: Self.name)
    guard Set(inserted).count == inserted.count else {
      throw .mismatch("axes of Unsqueeze", expected: "different ones", found: "\(axes)")
    }
    var dimensions = operands[0].shape.dimensions
    for axis in inserted.sorted() { dimensions.insert(1, at: axis) }
    return [operands[0].type.with(shape: PartialShape(dimensions))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    [operands[0].reshaped(to: try fixedResultShape(operands))]
  }

  package func rearrange(_ order: inout ElementOrder, _ operands: [Operand], to shape: Shape) -> Bool {
    order.reshape(to: shape)
  }
}
