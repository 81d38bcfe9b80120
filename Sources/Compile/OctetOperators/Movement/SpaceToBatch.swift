package import OctetGraph
package import OctetTensor

/// Pixels become batches, after padding with zeros; the opposite of BatchToSpace  (opset2).
///
///     [N, D₁…D_k] → [N·b₁…b_k, (D₁ + pads)/b₁…(D_k + pads)/b_k]
///
/// Operands: x, the blocks (1 for the batch axis), pads in front and pads behind.
package struct SpaceToBatch: Movement {
  package static let name = "SpaceToBatch"

  package init() {}

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let (blocks, begin, end) = try operands.blocks(of: Self.name)
    let source = operands[0].shape
    let block = try Extent.product(blocks, of: Self.name)
    var dimensions = [
      try source[0].map { (extent) throws(OperatorError) in try Extent.product(extent, block, of: Self.name) }
    ]
    for axis in 1..<source.rank {
      dimensions.append(
        try source[axis].map { (extent) throws(OperatorError) in
          let padded = try Extent.sum(extent + begin[axis], end[axis], of: Self.name)
          guard padded % blocks[axis] == 0 else {
            throw .mismatch(
              "axis \(axis) of SpaceToBatch", expected: "a multiple of \(blocks[axis])", found: "\(padded)")
          }
          return padded / blocks[axis]
        })
    }
    return [operands[0].type.with(shape: PartialShape(dimensions))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let (blocks, _, _) = try operands.known.blocks(of: Self.name)
    let rank = shape.rank - 1
    let padded = try Pad(mode: .constant).evaluate([operands[0], operands[2], operands[3]])[0]
    let pairs = (1...rank).flatMap { [shape[$0], blocks[$0]] }
    let split = padded.reshaped(to: Shape(valid: [padded.shape[0]] + pairs))
    let order = (0..<rank).map { 2 + 2 * $0 } + [0] + (0..<rank).map { 1 + 2 * $0 }
    return [split.transposed(order).reshaped(to: shape)]
  }

  /// Zeros widen the image.
  package func carry(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]? {
    following(incoming, operands, insertsZeros: true)
  }
}
