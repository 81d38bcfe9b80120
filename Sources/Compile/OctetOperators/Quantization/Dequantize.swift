package import OctetGraph
package import OctetTensor

/// x = (q − zeroPoint) · scale, for integers of 8 bits.
package struct Dequantize: Operator {
  package static let name = "Dequantize"
  package let dequantization: Dequantization

  package init(_ dequantization: Dequantization) { self.dequantization = dequantization }

  package var attributes: String { "\(dequantization)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    guard [.u8, .i8].contains(operands[0].elementType) else {
      throw .mismatch("operand of Dequantize", expected: "u8 or i8", found: "\(operands[0].elementType)")
    }
    if !dequantization.isPerTensor {
      let axes = dequantization.axes
      let extents = axes.upperBound <= operands[0].shape.rank ? axes.map { operands[0].shape[$0].fixedExtent } : []
      guard extents.count == axes.count, extents.reduce(1, { $0 * ($1 ?? 0) }) == dequantization.scales.count else {
        throw .mismatch(
          "axes \(axes) of Dequantize", expected: "\(dequantization.scales.count) channels",
          found: "\(operands[0].shape)")
      }
    }
    return [operands[0].type.with(elementType: .f32)]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    [Tensor(.f32, operands[0].shape, converting: apply(to: operands[0]))]
  }

  /// The real values in f64.
  package func apply(to tensor: Tensor) -> [Double] {
    let channels = ChannelIndex(tensor.shape, axes: dequantization.axes, count: dequantization.scales.count)
    let q = tensor.doubles
    return q.indices.map { index in
      let channel = channels[index]
      return (q[index] - dequantization.zeroPoints[channel]) * dequantization.scales[channel]
    }
  }
}
