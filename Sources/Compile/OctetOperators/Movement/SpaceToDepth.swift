package import OctetGraph
package import OctetTensor

/// Pixels become channels: [N, C, D₁·b…D_k·b] → [N, C·bᵏ, D₁…D_k], the opposite of DepthToSpace  (opset1).
package struct SpaceToDepth: Movement {
  package static let name = "SpaceToDepth"
  package let blockSize: Int
  package let mode: DepthToSpace.Mode

  package init(blockSize: Int, mode: DepthToSpace.Mode) throws(OperatorError) {
    guard (1...4096).contains(blockSize) else {
      throw .mismatch("block_size of SpaceToDepth", expected: "1 to 4096", found: "\(blockSize)")
    }
    self.blockSize = blockSize
    self.mode = mode
  }

  package var attributes: String { "block \(blockSize) \(mode.rawValue)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    try operands.expectMovable(of: Self.name)
    let source = operands[0].shape
    guard (3...5).contains(source.rank) else {
      throw .mismatch("operand of SpaceToDepth", expected: "rank 3 to 5", found: "\(source)")
    }
    let block = try Extent.product([Int](repeating: blockSize, count: source.rank - 2), of: Self.name)
    let channels = try source[1].map { (extent) throws(OperatorError) in
      try Extent.product(extent, block, of: Self.name)
    }
    var dimensions = [source[0], channels]
    for dimension in source.dimensions[2...] {
      dimensions.append(
        try dimension.map { (extent) throws(OperatorError) in
          guard extent % blockSize == 0 else {
            throw .mismatch("extents of SpaceToDepth", expected: "multiples of \(blockSize)", found: "\(source)")
          }
          return extent / blockSize
        })
    }
    return [operands[0].type.with(shape: PartialShape(dimensions))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let source = operands[0].shape
    let rank = source.rank - 2
    let pairs = shape.extents[2...].flatMap { [$0, blockSize] }
    let split = operands[0].reshaped(to: Shape(valid: [source[0], source[1]] + pairs))
    let blocks = (0..<rank).map { 3 + 2 * $0 }
    let order = [0] + (mode == .blocksFirst ? blocks + [1] : [1] + blocks) + (0..<rank).map { 2 + 2 * $0 }
    return [split.transposed(order).reshaped(to: shape)]
  }
}
