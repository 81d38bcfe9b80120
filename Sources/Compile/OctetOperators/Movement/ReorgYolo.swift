package import OctetGraph
package import OctetTensor

/// Darknet's reorganisation of pixels into channels: [N, C, H, W] → [N, C·s², H/s, W/s]  (opset2).
///
///     the elements of x as [N, C/s², H, s, W, s]  ⇒  [N, s, s, C/s², H, W]  ⇒  the result
package struct ReorgYolo: Movement {
  package static let name = "ReorgYolo"
  package let stride: Int

  package init(stride: Int) throws(OperatorError) {
    guard (1...4096).contains(stride) else {
      throw .mismatch("stride of \(Self.name)", expected: "1 to 4096", found: "\(stride)")
    }
    self.stride = stride
  }

  package var attributes: String { "stride \(stride)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    try operands.expectMovable(of: Self.name)
    let source = operands[0].shape
    guard source.rank == 4 else {
      throw .mismatch("operand of \(Self.name)", expected: "[N, C, H, W]", found: "\(source)")
    }
    let channels = try source[1].map { (extent) throws(OperatorError) in
      guard extent % (stride * stride) == 0 else {
        throw .mismatch("channels of \(Self.name)", expected: "a multiple of \(stride * stride)", found: "\(extent)")
      }
      return try Extent.product(extent, stride * stride, of: Self.name)
    }
    var dimensions = [source[0], channels]
    for dimension in source.dimensions[2...] {
      dimensions.append(
        try dimension.map { (extent) throws(OperatorError) in
          guard extent % stride == 0 else {
            throw .mismatch("extents of \(Self.name)", expected: "multiples of \(stride)", found: "\(source)")
          }
          return extent / stride
        })
    }
    return [operands[0].type.with(shape: PartialShape(dimensions))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let source = operands[0].shape
    let split = Shape(valid: [source[0], source[1] / (stride * stride), source[2], stride, source[3], stride])
    return [operands[0].reshaped(to: split).transposed([0, 3, 5, 1, 2, 4]).reshaped(to: shape)]
  }
}
