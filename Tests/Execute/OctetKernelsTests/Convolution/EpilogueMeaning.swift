import OctetKernels
import OctetTensor

/// What an epilogue stores, by definition.
struct Output {
  var type: ElementType
  /// One, or one per channel.
  var ranges: [ClosedRange<Float>] = []

  static let f32 = Output(type: .f32)
  static let u8 = Output(type: .u8, ranges: [0...255])
  static let i8 = Output(type: .i8, ranges: [-128...127])

  /// u8 with bounds that differ from channel to channel.
  static func bounded(channels: Int) -> Output {
    let ranges = (0..<channels).map { channel -> ClosedRange<Float> in
      let low = channel % 5 * 20, high = 100 + channel % 7 * 25
      return Float(low)...Float(high)
    }
    return Output(type: .u8, ranges: ranges)
  }

  var bytes: Int { type == .f32 ? 4 : 1 }

  /// roundHalfEven(clamp(v)) as its low byte; NaN gives the lower bound.
  func stored(_ value: Float, channel: Int) -> UInt8 {
    guard let range = ranges.count == 1 ? ranges[0] : ranges.dropFirst(channel).first else { return 0 }
    return UInt8(truncatingIfNeeded: Int(value.clamped(range.lowerBound, range.upperBound).rounded(.toNearestOrEven)))
  }
}

extension Float {
  func clamped(_ low: Float, _ high: Float) -> Float {
    let raised = self > low ? self : low
    return raised < high ? raised : high
  }
}

extension [Float] {
  func value(of channel: Int) -> Float { count == 1 ? self[0] : self[channel] }
}

extension [PostOperation] {
  /// What the operations make of a sum, each by its definition.
  func result(of sum: Float, channel: Int, operands: [Float] = []) -> Float {
    var operands = operands[...]
    return reduce(sum) { v, operation in
      switch operation {
      case .scaleShift(let scale, let shift): v * scale.value(of: channel) + shift.value(of: channel)
      case .clamp(let low, let high): v.clamped(low, high)
      case .roundClamp(let low, let high): v.clamped(low, high).rounded(.toNearestOrEven)
      case .addOperand(_, let scale, let shift): v + (operands.removeFirst() * scale + shift)
      case .multiplyOperand(_, let scale, let shift): v * (operands.removeFirst() * scale + shift)
      case .leakyRelu(let slopes): v < 0 ? v * slopes.value(of: channel) : v
      case .unary(let operation): operation.result(of: v)
      }
    }
  }
}

extension UnaryF32.Operation {
  /// What the kernel of plain loops makes of a value; UnaryF32Tests compare that with the meaning.
  func result(of value: Float) -> Float {
    let unary = UnaryF32(self, RowLayout(rows: 1, columns: 1), cpu: CPU(upTo: .scalar))
    let destination = TestMemory<Float>(count: 1)
    TestMemory([value]).with { source in destination.with { unary.run(source, into: $0, team: testTeams[0]) } }
    return destination.values[0]
  }
}
