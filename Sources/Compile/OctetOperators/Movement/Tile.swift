package import OctetGraph
package import OctetTensor

/// x repeated along every axis: y[i] = x[i mod extent]; operands x and how often  (opset1).
package struct Tile: Movement {
  package static let name = "Tile"

  package init() {}

  /// Repeats, and the operand's dimensions, both of the longer rank.
  private func aligned(_ operands: [Operand]) throws(OperatorError) -> (repeats: [Int], dimensions: [Dimension]) {
    try operands.expect(2, of: Self.name)
    try operands.expectMovable(of: Self.name)
    let given = try operands.requiredIntegers(at: 1, "repeats of Tile")
    guard given.allSatisfy({ $0 >= 0 }), given.count <= 64 else {
      throw .mismatch("repeats of Tile", expected: "numbers of 0 or more", found: "\(given)")
    }
    let rank = max(given.count, operands[0].shape.rank)
    let repeats = [Int](repeating: 1, count: rank - given.count) + given
    let dimensions = [Dimension](repeating: 1, count: rank - operands[0].shape.rank) + operands[0].shape.dimensions
    return (repeats, dimensions)
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    guard operands.know(1) else {
      try operands.expect(2, of: Self.name)
      try operands.expectMovable(of: Self.name)
      let rank = max(operands[0].shape.rank, try operands.valueCount(at: 1, "repeats of Tile"))
      return [operands[0].type.with(shape: .open(rank: rank))]
    }
    let (repeats, dimensions) = try aligned(operands)
    var result: [Dimension] = []
    for (count, dimension) in zip(repeats, dimensions) {
      result.append(
        try dimension.map { (extent) throws(OperatorError) in try Extent.product(extent, count, of: Self.name) })
    }
    return [operands[0].type.with(shape: PartialShape(result))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    if shape.elementCount == 0 { return [Tensor(operands[0].elementType, shape)] }
    let (_, dimensions) = try aligned(operands.known)
    let extents = dimensions.compactMap(\.fixedExtent)
    let source = operands[0].reshaped(to: Shape(valid: extents))
    return [source.selecting(zip(shape.extents, extents).map { result, own in (0..<result).map { $0 % own } })]
  }
}
