package import OctetGraph
package import OctetTensor

/// Convolution of 1 to 3 spatial dimensions, grouped or not  (opset1 Convolution, GroupConvolution).
///
///     y[n, o, p] = Σ over c, t of (x[n, c, p·stride + t·dilation − pad] − z[c]) · w[o, c, t]
///
/// Taps outside the image contribute nothing: padding is a real zero, whatever the zero points z.
/// Operands: x [N, C, spatial…]; w [O, C, kernel…], or grouped [G, O/G, C/G, kernel…]. Zero points are 0 on floats.
package struct Convolution: ConvolutionFamily {
  package static let name = "Convolution"
  package let window: SpatialWindow
  package let isGrouped: Bool
  /// The channels of x that are summed; nil is all of them.
  package let channels: Range<Int>?
  /// One per input channel, or a single one.
  package let activationZeroPoints: [Double]

  package init(
    window: SpatialWindow, isGrouped: Bool, channels: Range<Int>? = nil, activationZeroPoints: [Double] = [0]
  ) {
    self.window = window
    self.isGrouped = isGrouped
    self.channels = channels
    self.activationZeroPoints = activationZeroPoints
  }

  package var attributes: String {
    var parts = [window.description()]
    if isGrouped { parts.append("grouped") }
    if let channels { parts.append("channels \(channels)") }
    if activationZeroPoints.contains(where: { $0 != 0 }) {
      parts.append(activationZeroPoints.count == 1 ? "zeroPoint \(Float(activationZeroPoints[0]))" : "zeroPoints")
    }
    return parts.filter { !$0.isEmpty }.joined(separator: " ")
  }

  // MARK: - Over integers

  package static let outputAxis = 1
  package var readsNoPadding: Bool { window.neverPads }

  package func weightShape(_ weights: Operand) throws(OperatorError) -> WeightShape {
    try WeightShape(weights, window: window, isGrouped: isGrouped)
  }

  package func summing(_ channels: Range<Int>?, zeroPoints: [Double]) -> Convolution {
    Convolution(window: window, isGrouped: isGrouped, channels: channels, activationZeroPoints: zeroPoints)
  }

  // MARK: - Shapes

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    let weights = try weightShape(operands[1])
    let spatial = try window.spatial(of: operands[0].shape, Self.name)
    try weights.check(operands[0].shape[1], summing: channels, operands[1].shape)
    let extents = try window.outputDimensions(input: spatial, kernel: weights.kernel)
    let shape = PartialShape([operands[0].shape[0], .fixed(weights.outputChannels)] + extents)
    return [TensorType(try Self.elementType(operands), shape)]
  }

  /// The type of the sums: f32 for integers.
  static func elementType(_ operands: [Operand]) throws(OperatorError) -> ElementType {
    let (x, w) = (operands[0].elementType, operands[1].elementType)
    let isInteger = [.u8, .i8].contains(x) && [.u8, .i8].contains(w)
    guard isInteger || (x.isFloatingPoint && x == w) else {
      throw .mismatch("element types", expected: "two equal floating-point or two 8-bit types", found: "\(x) and \(w)")
    }
    return isInteger ? .f32 : x
  }

  package func macs(_ operands: [Operand], _ results: [TensorType]) -> Int {
    guard let result = results[0].shape.fixed, let weights = operands[1].shape.fixed, result[1] > 0 else { return 0 }
    return result.elementCount * (weights.elementCount / result[1])
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let type = try resultTypes(operands.map { Operand(type: $0.type) })[0]
    guard let shape = type.shape.fixed else { throw OperatorError("the result has no fixed shape") }
    let weights = try weightShape(Operand(type: operands[1].type))
    let x = Dequantize(Dequantization(exactZeroPoints: activationZeroPoints)).apply(to: operands[0])
    let y = sum(x, operands[1].doubles, source: operands[0].shape, result: shape, weights)
    return [Tensor(type.elementType, shape, converting: y)]
  }

  /// The plain loops, in f64.
  private func sum(
    _ x: [Double], _ w: [Double], source: Shape, result: Shape, _ weights: WeightShape
  ) -> [Double] {
    let taps = WindowTaps(
      window, input: Array(source.extents[2...]), kernel: weights.kernel, output: Array(result.extents[2...]))
    let inputSize = source.count(in: 2..<source.rank)
    let outputSize = result.count(in: 2..<result.rank)
    var positions: [[(output: Int, input: Int)]] = []
    for tap in 0..<taps.kernelCount {
      var list: [(output: Int, input: Int)] = []
      taps.forEachPosition(ofTap: tap) { list.append(($0, $1)) }
      positions.append(list)
    }
    var y = [Double](repeating: 0, count: result.elementCount)
    y.withUnsafeMutableBufferPointer { y in
      x.withUnsafeBufferPointer { x in
        for image in 0..<source[0] {
          for output in 0..<weights.outputChannels {
            let group = output / weights.outputsPerGroup
            let yBase = (image * weights.outputChannels + output) * outputSize
            for input in 0..<weights.inputsPerGroup {
              let channel = (channels?.lowerBound ?? 0) + group * weights.inputsPerGroup + input
              let xBase = (image * source[1] + channel) * inputSize
              let wBase = (output * weights.inputsPerGroup + input) * taps.kernelCount
              for tap in 0..<taps.kernelCount where w[wBase + tap] != 0 {
                let weight = w[wBase + tap]
                for (to, from) in positions[tap] { y[yBase + to] += weight * x[xBase + from] }
              }
            }
          }
        }
      }
    }
    return y
  }
}

/// What the shape of convolution weights says.
package struct WeightShape: Sendable {
  package let groups: Int
  package let outputsPerGroup: Int
  package let inputsPerGroup: Int
  package let kernel: [Int]

  package var outputChannels: Int { groups * outputsPerGroup }
  package var inputChannels: Int { groups * inputsPerGroup }
  /// One input and one output channel per group.
  package var isDepthwise: Bool { outputsPerGroup == 1 && inputsPerGroup == 1 }

  init(groups: Int, outputsPerGroup: Int, inputsPerGroup: Int, kernel: [Int]) {
    self.groups = groups
    self.outputsPerGroup = outputsPerGroup
    self.inputsPerGroup = inputsPerGroup
    self.kernel = kernel
  }

  package init(_ weights: Operand, window: SpatialWindow, isGrouped: Bool) throws(OperatorError) {
    let leading = isGrouped ? 3 : 2
    guard let shape = weights.shape.fixed, shape.rank == window.rank + leading else {
      throw .mismatch("weights", expected: "a fixed shape of rank \(window.rank + leading)", found: "\(weights.shape)")
    }
    guard shape.elementCount > 0 else {
      throw .mismatch("weights", expected: "at least one element", found: "\(shape)")
    }
    groups = isGrouped ? shape[0] : 1
    outputsPerGroup = shape[leading - 2]
    inputsPerGroup = shape[leading - 1]
    kernel = Array(shape.extents[leading...])
  }

  /// Checks that an image has the channels that weights of this shape sum, `channels` or all of them.
  func check(
    _ dimension: Dimension, summing channels: Range<Int>?, _ shape: PartialShape
  ) throws(OperatorError) {
    if let channels {
      guard channels.count == inputChannels, let all = dimension.fixedExtent, channels.upperBound <= all,
        channels.lowerBound >= 0
      else {
        throw .mismatch(
          "channels \(channels)", expected: "\(inputChannels) of \(dimension)", found: "\(channels.count)")
      }
    } else if !dimension.accepts(inputChannels) {
      throw .mismatch(
        "channels of the operand", expected: "\(inputChannels), as the weights \(shape) say", found: "\(dimension)")
    }
  }
}
