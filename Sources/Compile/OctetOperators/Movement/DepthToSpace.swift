package import OctetGraph
package import OctetTensor

/// Channels become pixels: [N, C·bᵏ, D₁…D_k] → [N, C, D₁·b…D_k·b]  (opset1).
///
///     blocks first:  channel (b₁…b_k, c);  depth first: channel (c, b₁…b_k)
package struct DepthToSpace: Movement {
  package enum Mode: String, CaseIterable, Sendable {
    case blocksFirst = "blocks_first"
    case depthFirst = "depth_first"
  }

  package static let name = "DepthToSpace"
  package let blockSize: Int
  package let mode: Mode

  package init(blockSize: Int, mode: Mode) throws(OperatorError) {
    guard (1...4096).contains(blockSize) else {
      throw .mismatch("block_size of DepthToSpace", expected: "1 to 4096", found: "\(blockSize)")
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
      throw .mismatch("operand of DepthToSpace", expected: "rank 3 to 5", found: "\(source)")
    }
    let block = try Extent.product([Int](repeating: blockSize, count: source.rank - 2), of: Self.name)
    let channels = try source[1].map { (extent) throws(OperatorError) in
      guard extent % block == 0 else {
        throw .mismatch("channels of DepthToSpace", expected: "a multiple of \(block)", found: "\(extent)")
      }
      return extent / block
    }
    var dimensions = [source[0], channels]
    for dimension in source.dimensions[2...] {
      dimensions.append(
        try dimension.map { (extent) throws(OperatorError) in try Extent.product(extent, blockSize, of: Self.name) })
    }
    return [operands[0].type.with(shape: PartialShape(dimensions))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let source = operands[0].shape
    let rank = source.rank - 2
    let blocks = [Int](repeating: blockSize, count: rank)
    let channels = mode == .blocksFirst ? blocks + [shape[1]] : [shape[1]] + blocks
    let split = operands[0].reshaped(to: Shape(valid: [source[0]] + channels + source.extents[2...]))
    // Each spatial axis is followed by its block.
    let (channel, firstBlock) = mode == .blocksFirst ? (rank + 1, 1) : (1, 2)
    let order = [0, channel] + (0..<rank).flatMap { [rank + 2 + $0, firstBlock + $0] }
    return [split.transposed(order).reshaped(to: shape)]
  }
}
