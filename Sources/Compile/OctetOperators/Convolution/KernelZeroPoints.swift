import OctetTensor

/// Activation zero points as kernels take them: bytes, and what is left as a shift of each output channel.
///
///     Σ (x − z)·w = Σ (x − b)·w − Σ (z − b)·w
struct KernelZeroPoints {
  /// One per channel for depthwise convolutions, otherwise one.
  let bytes: [UInt8]
  /// Empty when nothing is left.
  let shifts: [Double]

  init(_ convolution: Convolution, _ constant: Tensor, _ weights: WeightShape) {
    let zeroPoints = convolution.activationZeroPoints
    guard constant.elementType == .i8 else {
      (bytes, shifts) = ([0], [])
      return
    }
    let nearest = zeroPoints.map { UInt8(min(max($0.rounded(), 0), 255)) }
    let kept = weights.isDepthwise || Set(nearest).count == 1 ? nearest : [0]
    let rest = zeroPoints.indices.map { zeroPoints[$0] - Double(kept[kept.count == 1 ? 0 : $0]) }
    bytes = kept
    shifts = rest.allSatisfy { $0 == 0 } ? [] : Self.shifts(rest, constant, weights)
  }

  private static func shifts(_ rest: [Double], _ constant: Tensor, _ weights: WeightShape) -> [Double] {
    let taps = weights.kernel.reduce(1, *)
    return constant.withElements(as: Int8.self) { elements in
      (0..<weights.outputChannels).map { output in
        (0..<weights.inputsPerGroup).reduce(0) { shift, input in
          let start = (output * weights.inputsPerGroup + input) * taps
          let sum = elements[start..<start + taps].reduce(0) { $0 + Int($1) }
          let channel = output / weights.outputsPerGroup * weights.inputsPerGroup + input
          return shift - rest[rest.count == 1 ? 0 : channel] * Double(sum)
        }
      }
    }
  }
}
