package import OctetGraph
package import OctetTensor

/// The integer half of a FakeQuantize: which step of the input range a value falls on.
///
///     q = clamp(round((x − inputLow) / (inputHigh − inputLow) · (levels − 1)), 0, levels − 1), ties to even
///
/// Ranges are per tensor or per channel of axis 1, with inputLow < inputHigh.
package struct Quantize: Operator {
  package static let name = "Quantize"
  package let inputLow: [Double]
  package let inputHigh: [Double]
  package let levels: Int

  package init(inputLow: [Double], inputHigh: [Double], levels: Int) {
    precondition(inputLow.count == inputHigh.count && !inputLow.isEmpty && (2...256).contains(levels))
    self.inputLow = inputLow
    self.inputHigh = inputHigh
    self.levels = levels
  }

  /// The quantizer of some of the channels.
  package func channels(_ range: Range<Int>) -> Quantize {
    inputLow.count == 1
      ? self : Quantize(inputLow: Array(inputLow[range]), inputHigh: Array(inputHigh[range]), levels: levels)
  }

  package var attributes: String {
    let channels = inputLow.count == 1 ? "" : " per channel"
    return "\(Float(inputLow[0]))…\(Float(inputHigh[0])) levels \(levels)\(channels)"
  }

  /// q = round(x · scale + shift), clamped to 0…levels − 1.
  package var scales: [Double] { zip(inputLow, inputHigh).map { Double(levels - 1) / ($1 - $0) } }
  package var shifts: [Double] { zip(inputLow, scales).map { -$0 * $1 } }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    guard operands[0].elementType == .f32 else {
      throw .mismatch("operand of Quantize", expected: "f32", found: "\(operands[0].elementType)")
    }
    if inputLow.count > 1 {
      guard operands[0].shape.rank > 1, operands[0].shape[1].accepts(inputLow.count) else {
        throw .mismatch("channels of Quantize", expected: "\(inputLow.count)", found: "\(operands[0].shape)")
      }
    }
    return [operands[0].type.with(elementType: .u8)]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let x = operands[0].doubles
    let channels = ChannelIndex(operands[0].shape, axes: 1..<2, count: inputLow.count)
    var q = Tensor(.u8, operands[0].shape)
    q.withMutableElements(as: UInt8.self) { q in
      for index in x.indices { q[index] = apply(x[index], channel: channels[index]) }
    }
    return [q]
  }

  /// The definition, for one element. What is not a number becomes 0.
  package func apply(_ x: Double, channel: Int) -> UInt8 {
    guard x > inputLow[channel] else { return 0 }
    guard x <= inputHigh[channel] else { return UInt8(levels - 1) }
    let range = inputHigh[channel] - inputLow[channel]
    return UInt8(((x - inputLow[channel]) / range * Double(levels - 1)).rounded(.toNearestOrEven))
  }
}

/// Which entry of a per-channel list an element of a row-major tensor uses.
struct ChannelIndex {
  private let inner: Int
  private let count: Int

  init(_ shape: Shape, axes: Range<Int>, count: Int) {
    self.count = count
    inner = count == 1 ? 1 : shape.count(in: axes.upperBound..<shape.rank)
  }

  subscript(element: Int) -> Int { count == 1 ? 0 : element / inner % count }
}
