package import OctetGraph
package import OctetTensor

/// Removes axes of extent 1: those that the second operand names, or all  (opset1, opset15).
package struct Squeeze: Rearrangement {
  package static let name = "Squeeze"
  /// Whether named axes of another extent stay, instead of being refused.
  package let keepsOthers: Bool

  package init(keepsOthers: Bool = false) { self.keepsOthers = keepsOthers }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1...2, of: Self.name)
    let source = operands[0].shape
    guard operands.count == 2 else {
      guard source.fixed != nil else { throw OperatorError("Squeeze without axes needs a fixed shape, not \(source)") }
      return [operands[0].type.with(shape: PartialShape(source.dimensions.filter { $0 != 1 }))]
    }
    guard let axes = try operands.integers(at: 1, "axes of Squeeze") else {
      throw OperatorError("the axes of Squeeze are not known")
    }
    var removed = Set(try Axis.normalized(axes, rank: source.rank, of: Self.name))
    if keepsOthers {
      guard removed.allSatisfy({ source[$0].fixedExtent != nil }) else {
        throw OperatorError("Squeeze that keeps axes needs to know their extents, not \(source)")
      }
      removed = removed.filter { source[$0] == 1 }
    }
    for axis in removed where !source[axis].accepts(1) {
      throw .mismatch("axis \(axis) of Squeeze", expected: "extent 1", found: "\(source)")
    }
    return [
      operands[0].type.with(
        shape: PartialShape(source.dimensions.indices.filter { !removed.contains($0) }.map { source[$0] }))
    ]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    [operands[0].reshaped(to: try fixedResultShape(operands))]
  }

  package func rearrange(_ order: inout ElementOrder, _ operands: [Operand], to shape: Shape) -> Bool {
    order.reshape(to: shape)
  }
}
