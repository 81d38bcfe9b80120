package import OctetGraph
package import OctetTensor

/// Transposed convolution of 1 to 3 spatial dimensions, grouped or not  (opset1 ConvolutionBackpropData,
/// GroupConvolutionBackpropData).
///
///     y[n, o, p·stride + t·dilation − pad] += (x[n, c, p] − z[c]) · w[c, o, t]
///
/// Operands: x [N, C, spatial…]; w [C, O, kernel…], or grouped [G, C/G, O/G, kernel…]; and, optionally, the spatial
/// extents of y, which with `same_*` decide the padding. Zero points are 0 on floats.
package struct Deconvolution: ConvolutionFamily {
  package static let name = "ConvolutionBackpropData"
  package let window: SpatialWindow
  package let isGrouped: Bool
  /// Added to the extents of y behind its last element.
  package let outputPadding: [Int]
  /// The channels of x that are summed; nil is all of them.
  package private(set) var channels: Range<Int>?
  /// One per input channel, or a single one.
  package private(set) var activationZeroPoints = [0.0]

  package init(window: SpatialWindow, isGrouped: Bool, outputPadding: [Int]) throws(OperatorError) {
    guard outputPadding.count == window.rank, outputPadding.allSatisfy({ (0...1 << 24).contains($0) }) else {
      throw .mismatch(
        "output_padding of \(Self.name)", expected: "\(window.rank) extents", found: "\(outputPadding)")
    }
    self.window = window
    self.isGrouped = isGrouped
    self.outputPadding = outputPadding
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

  package static let outputAxis = 2
  /// Positions at the border see fewer taps than others, padded or not.
  package var readsNoPadding: Bool { false }

  package func weightShape(_ weights: Operand) throws(OperatorError) -> WeightShape {
    let rank = window.rank + (isGrouped ? 3 : 2)
    guard let shape = weights.shape.fixed, shape.rank == rank, shape.elementCount > 0,
      shape.extents.allSatisfy({ $0 <= 1 << 24 })
    else {
      throw .mismatch("weights of \(Self.name)", expected: "a fixed shape of rank \(rank)", found: "\(weights.shape)")
    }
    let extents = isGrouped ? shape.extents : [1] + shape.extents
    return WeightShape(
      groups: extents[0], outputsPerGroup: extents[2], inputsPerGroup: extents[1], kernel: Array(extents[3...]))
  }

  package func summing(_ channels: Range<Int>?, zeroPoints: [Double]) -> Deconvolution {
    var own = self
    own.channels = channels
    own.activationZeroPoints = zeroPoints
    return own
  }

  // MARK: - Shapes

  /// The extent that one axis has without padding: stride · (input − 1) + dilation · (kernel − 1) + 1 + outputPadding.
  private func reach(_ axis: Int, _ input: Int, _ kernel: Int) throws(OperatorError) -> Int {
    guard input >= 1 else {
      throw .mismatch("operand of \(Self.name)", expected: "extents of 1 or more", found: "\(input)")
    }
    let steps = try Extent.product(input - 1, window.strides[axis], of: Self.name)
    let taps = try Extent.product(kernel - 1, window.dilations[axis], of: Self.name)
    return try Extent.sum(try Extent.sum(steps, taps, of: Self.name), 1 + outputPadding[axis], of: Self.name)
  }

  /// The padding of one axis; `target` is the extent that the third operand asks for.
  private func pads(_ axis: Int, reach: Int, target: Int?) throws(OperatorError) -> (begin: Int, end: Int) {
    switch window.autoPad {
    case .explicit: return (window.padsBegin[axis], window.padsEnd[axis])
    case .valid: return (0, 0)
    case .sameUpper, .sameLower:
      guard let target else {
        throw OperatorError(
          "auto_pad \(window.autoPad.rawValue) of \(Self.name) needs the operand that gives the shape")
      }
      let total = max(0, reach - target)
      // The other way round than in a convolution.
      return window.autoPad == .sameUpper ? (total - total / 2, total / 2) : (total / 2, total - total / 2)
    }
  }

  private func targets(_ operands: [Operand]) throws(OperatorError) -> [Int]? {
    guard operands.count == 3, operands.know(2) else { return nil }
    let targets = try operands.requiredIntegers(at: 2, "output shape of \(Self.name)")
    guard targets.count == window.rank, targets.allSatisfy({ (1...Shape.maximumElementCount).contains($0) }) else {
      throw .mismatch("output shape of \(Self.name)", expected: "\(window.rank) extents", found: "\(targets)")
    }
    return targets
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2...3, of: Self.name)
    let elementType = try Convolution.elementType(operands)
    let weights = try weightShape(operands[1])
    let spatial = try window.spatial(of: operands[0].shape, Self.name)
    try weights.check(operands[0].shape[1], summing: channels, operands[1].shape)
    var dimensions = [operands[0].shape[0], .fixed(weights.outputChannels)]
    guard operands.know(2) else {
      dimensions += PartialShape.open(rank: window.rank).dimensions
      return [TensorType(elementType, PartialShape(dimensions))]
    }
    let targets = try targets(operands)
    for axis in 0..<window.rank {
      if let targets {
        dimensions.append(.fixed(targets[axis]))
        continue
      }
      dimensions.append(
        try spatial[axis].map { (extent) throws(OperatorError) in
          let whole = try reach(axis, extent, weights.kernel[axis])
          let pads = try pads(axis, reach: whole, target: nil)
          return try Extent.sum(whole - pads.begin, -pads.end, of: Self.name)
        })
    }
    return [TensorType(elementType, PartialShape(dimensions))]
  }

  package func macs(_ operands: [Operand], _ results: [TensorType]) -> Int {
    guard let source = operands[0].shape.fixed, let weights = operands[1].shape.fixed, source[1] > 0 else { return 0 }
    return source.elementCount * (weights.elementCount / source[1])
  }

  // MARK: - Meaning

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let weights = try weightShape(operands.known[1])
    let source = operands[0].shape
    let taps = WindowTaps(
      try explicitWindow(source, operands.known), input: Array(shape.extents[2...]), kernel: weights.kernel,
      output: Array(source.extents[2...]))
    let x = Dequantize(Dequantization(exactZeroPoints: activationZeroPoints)).apply(to: operands[0])
    let w = operands[1].doubles
    let (inputSize, outputSize) = (source.count(in: 2..<source.rank), shape.count(in: 2..<shape.rank))
    let (inputs, outputs, first) = (weights.inputsPerGroup, weights.outputsPerGroup, channels?.lowerBound ?? 0)
    var y = [Double](repeating: 0, count: shape.elementCount)
    for tap in 0..<taps.kernelCount {
      // The convolution that this is the transpose of reads y and writes x.
      taps.forEachPosition(ofTap: tap) { from, to in
        for image in 0..<source[0] {
          for channel in 0..<weights.inputChannels {
            let value = x[(image * source[1] + first + channel) * inputSize + from]
            for output in 0..<outputs {
              let place = (image * weights.groups + channel / inputs) * outputs + output
              y[place * outputSize + to] += value * w[(channel * outputs + output) * taps.kernelCount + tap]
            }
          }
        }
      }
    }
    return [Tensor(try Convolution.elementType(operands.known), shape, converting: y)]
  }

  /// The window with its padding worked out, for a source of this shape.
  func explicitWindow(_ source: Shape, _ operands: [Operand]) throws(OperatorError) -> SpatialWindow {
    let kernel = try weightShape(operands[1]).kernel
    let targets = try targets(operands)
    var (begin, end): ([Int], [Int]) = ([], [])
    for axis in 0..<window.rank {
      let whole = try reach(axis, source[axis + 2], kernel[axis])
      let pads = try pads(axis, reach: whole, target: targets?[axis])
      begin.append(pads.begin)
      end.append(pads.end)
    }
    return try SpatialWindow(strides: window.strides, dilations: window.dilations, padsBegin: begin, padsEnd: end)
  }
}
