/// One of the convolutions of stride 1 that a transposed convolution consists of: the output pixels whose coordinates
/// have the same remainders by the strides meet the same taps.
///
/// Output o of an axis meets tap t at input p where p·stride + t·dilation − pad = o.
package struct TransposedPhase: Sendable {
  package let geometry: ConvolutionGeometry
  package let placement: PixelPlacement
  /// For every tap of `geometry`, which tap of the whole kernel it is; nil where no tap reaches these pixels.
  package let taps: [Int?]

  /// How many phases there are.
  package static func count(of whole: ConvolutionGeometry) -> Int {
    (0..<3).reduce(1) { $0 * min(whole.strides[$1], whole.outputExtents[$1]) }
  }

  /// All phases of the transposed convolution whose input, output and window `whole` describes.
  package static func all(of whole: ConvolutionGeometry) -> [TransposedPhase] {
    let axes = (0..<3).map { AxisPhase.all(of: whole, axis: $0) }
    return axes[0].flatMap { depth in
      axes[1].flatMap { height in axes[2].map { TransposedPhase(whole, [depth, height, $0]) } }
    }
  }

  private init(_ whole: ConvolutionGeometry, _ axes: [AxisPhase]) {
    var geometry = whole
    geometry.kernel = axes.map(\.taps.count)
    geometry.strides = [1, 1, 1]
    geometry.dilations = axes.map(\.dilation)
    geometry.padsBegin = axes.map { -$0.firstInput }
    geometry.outputExtents = axes.map(\.outputs)
    self.geometry = geometry
    let extents = whole.outputExtents
    let pixels = [extents[1] * extents[2], extents[2], 1]
    placement = PixelPlacement(
      first: zip(axes, pixels).reduce(0) { $0 + $1.0.first * $1.1 }, imageStep: extents[0] * pixels[0],
      steps: zip(whole.strides, pixels).map { $0 * $1 })
    let (kernel, last) = (whole.kernel, axes[2].taps)
    taps = axes[0].taps.flatMap { depth in
      axes[1].taps.flatMap { height in
        last.map { width in
          guard let depth, let height, let width else { return nil }
          return (depth * kernel[1] + height) * kernel[2] + width
        }
      }
    }
  }

  /// The weights [groups][outputs][inputs][taps] of this phase's convolution from [groups][inputs][outputs][taps].
  package func weights<Element: ExpressibleByIntegerLiteral>(
    _ whole: UnsafeBufferPointer<Element>
  ) -> [Element] {
    let (inputs, outputs) = (geometry.inputChannels / geometry.groups, geometry.outputChannels / geometry.groups)
    let wholeTaps = whole.count / (geometry.groups * inputs * outputs)
    var weights: [Element] = []
    weights.reserveCapacity(geometry.groups * outputs * inputs * taps.count)
    for group in 0..<geometry.groups {
      for output in 0..<outputs {
        for input in 0..<inputs {
          let start = ((group * inputs + input) * outputs + output) * wholeTaps
          weights += taps.map { tap in tap.map { whole[start + $0] } ?? 0 }
        }
      }
    }
    return weights
  }
}

/// The outputs `first`, `first` + stride, … of one axis.
private struct AxisPhase {
  let first: Int
  let outputs: Int
  /// In the order of the inputs that they meet; a single nil when there are none.
  let taps: [Int?]
  /// Inputs from one tap to the next, and the one that the first tap meets for the first output.
  let dilation: Int
  let firstInput: Int

  static func all(of whole: ConvolutionGeometry, axis: Int) -> [AxisPhase] {
    (0..<min(whole.strides[axis], whole.outputExtents[axis])).map { AxisPhase(whole, axis: axis, first: $0) }
  }

  private init(_ whole: ConvolutionGeometry, axis: Int, first: Int) {
    let (stride, step) = (whole.strides[axis], whole.dilations[axis])
    func distance(_ tap: Int) -> Int { first + whole.padsBegin[axis] - tap * step }
    let met = (0..<whole.kernel[axis]).reversed().filter { distance($0) % stride == 0 }
    self.first = first
    outputs = (whole.outputExtents[axis] - first + stride - 1) / stride
    taps = met.isEmpty ? [nil] : met
    dilation = met.count > 1 ? (met[0] - met[1]) * step / stride : 1
    firstInput = met.first.map { distance($0) / stride } ?? 0
  }
}
