package import OctetGraph
package import OctetTensor

/// Batches become pixels: [N·b₁…b_k, D₁…D_k] → [N, D₁·b₁ − crops…, D_k·b_k − crops]  (opset2).
///
/// Operands: x, the blocks (1 for the batch axis), crops in front and crops behind.
package struct BatchToSpace: Movement {
  package static let name = "BatchToSpace"

  package init() {}

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let (blocks, begin, end) = try operands.blocks(of: Self.name)
    let source = operands[0].shape
    let block = try Extent.product(blocks, of: Self.name)
    var dimensions = [
      try source[0].map { (extent) throws(OperatorError) in
        guard extent % block == 0 else {
          throw .mismatch("batch of BatchToSpace", expected: "a multiple of \(block)", found: "\(extent)")
        }
        return extent / block
      }
    ]
    for axis in 1..<source.rank {
      dimensions.append(
        try source[axis].map { (extent) throws(OperatorError) in
          let whole = try Extent.product(extent, blocks[axis], of: Self.name)
          return try Extent.sum(whole - begin[axis], -end[axis], of: Self.name)
        })
    }
    return [operands[0].type.with(shape: PartialShape(dimensions))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let (blocks, begin, _) = try operands.known.blocks(of: Self.name)
    let source = operands[0].shape
    let rank = source.rank - 1
    let split = operands[0].reshaped(to: Shape(valid: blocks[1...] + [shape[0]] + source.extents[1...]))
    // Each axis is followed by its block.
    let order = [rank] + (0..<rank).flatMap { [rank + 1 + $0, $0] }
    let whole = [shape[0]] + (1...rank).map { source[$0] * blocks[$0] }
    let joined = split.transposed(order).reshaped(to: Shape(valid: whole))
    return [joined.selecting(shape.extents.indices.map { Array(begin[$0]..<begin[$0] + shape[$0]) })]
  }
}

extension [Operand] {
  /// The blocks, and what is cut or added in front and behind, of BatchToSpace and SpaceToBatch: one per axis.
  func blocks(of name: String) throws(OperatorError) -> (blocks: [Int], begin: [Int], end: [Int]) {
    try expect(4, of: name)
    try expectMovable(of: name)
    let rank = self[0].shape.rank
    let blocks = try requiredIntegers(at: 1, "blocks of \(name)")
    let begin = try requiredIntegers(at: 2, "third operand of \(name)")
    let end = try requiredIntegers(at: 3, "fourth operand of \(name)")
    guard rank >= 2, blocks.count == rank, begin.count == rank, end.count == rank, blocks[0] == 1, begin[0] == 0,
      end[0] == 0, blocks.allSatisfy({ (1...Shape.maximumElementCount).contains($0) }),
      (begin + end).allSatisfy({ (0...Shape.maximumElementCount).contains($0) })
    else {
      throw .mismatch(
        "operands of \(name)", expected: "a block, a begin and an end for each of \(rank) axes, none for the first",
        found: "\(blocks), \(begin) and \(end)")
    }
    return (blocks, begin, end)
  }
}
