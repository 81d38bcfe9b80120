package import OctetGraph
package import OctetTensor

/// Transposed convolution of 1 to 3 spatial dimensions, grouped or not  (opset1 ConvolutionBackpropData,
/// GroupConvolutionBackpropData).
///
///     y[n, o, p·stride + t·dilation − pad] += (x[n, c, p] − zₓ) · w[c, o, t]
///
/// Operands: x [N, C, spatial…]; w [C, O, kernel…], or grouped [G, C/G, O/G, kernel…]; and, optionally, the spatial
/// extents of y, which with `same_*` decide the padding. The zero point is 0 on floats.
package struct Deconvolution: Operator {
  package static let name = "ConvolutionBackpropData"
  package let window: SpatialWindow
  package let isGrouped: Bool
  /// Added to the extents of y behind its last element.
  package let outputPadding: [Int]
  package let activationZeroPoint: Double

  package init(
    window: SpatialWindow, isGrouped: Bool, outputPadding: [Int], activationZeroPoint: Double = 0
  ) throws(OperatorError) {
    guard outputPadding.count == window.rank, outputPadding.allSatisfy({ (0...1 << 24).contains($0) }) else {
      throw .mismatch(
        "output_padding of \(Self.name)", expected: "\(window.rank) extents", found: "\(outputPadding)")
    }
    self.window = window
    self.isGrouped = isGrouped
    self.outputPadding = outputPadding
    self.activationZeroPoint = activationZeroPoint
  }

  package var attributes: String {
    var parts = [window.description()]
    if isGrouped { parts.append("grouped") }
    if activationZeroPoint != 0 { parts.append("zeroPoint \(Float(activationZeroPoint))") }
    return parts.filter { !$0.isEmpty }.joined(separator: " ")
  }

  // MARK: - Shapes

  /// The weights' shape with a leading group axis.
  func weightExtents(_ operands: [Operand]) throws(OperatorError) -> [Int] {
    let rank = window.rank + (isGrouped ? 3 : 2)
    guard let shape = operands[1].shape.fixed, shape.rank == rank, shape.elementCount > 0,
      shape.extents.allSatisfy({ $0 <= 1 << 24 })
    else {
      throw .mismatch(
        "weights of \(Self.name)", expected: "a fixed shape of rank \(rank)", found: "\(operands[1].shape)")
    }
    return isGrouped ? shape.extents : [1] + shape.extents
  }

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
    let weights = try weightExtents(operands)
    let spatial = try window.spatial(of: operands[0].shape, Self.name)
    guard operands[0].shape[1].accepts(weights[0] * weights[1]) else {
      throw .mismatch(
        "channels of the operand", expected: "\(weights[0] * weights[1]), as the weights \(operands[1].shape) say",
        found: "\(operands[0].shape[1])")
    }
    var dimensions = [operands[0].shape[0], .fixed(weights[0] * weights[2])]
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
          let whole = try reach(axis, extent, weights[axis + 3])
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
    let weights = try weightExtents(operands.known)
    let source = operands[0].shape
    let taps = WindowTaps(
      try explicitWindow(source, operands.known), input: Array(shape.extents[2...]), kernel: Array(weights[3...]),
      output: Array(source.extents[2...]))
    let (x, w) = (operands[0].doubles.map { $0 - activationZeroPoint }, operands[1].doubles)
    let (inputSize, outputSize) = (source.count(in: 2..<source.rank), shape.count(in: 2..<shape.rank))
    let (groups, inputs, outputs) = (weights[0], weights[1], weights[2])
    var y = [Double](repeating: 0, count: shape.elementCount)
    for tap in 0..<taps.kernelCount {
      // The convolution that this is the transpose of reads y and writes x.
      taps.forEachPosition(ofTap: tap) { from, to in
        for image in 0..<source[0] {
          for channel in 0..<(groups * inputs) {
            let value = x[(image * groups * inputs + channel) * inputSize + from]
            for output in 0..<outputs {
              let place = (image * groups + channel / inputs) * outputs + output
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
    let weights = try weightExtents(operands)
    let targets = try targets(operands)
    var (begin, end): ([Int], [Int]) = ([], [])
    for axis in 0..<window.rank {
      let whole = try reach(axis, source[axis + 2], weights[axis + 3])
      let pads = try pads(axis, reach: whole, target: targets?[axis])
      begin.append(pads.begin)
      end.append(pads.end)
    }
    return try SpatialWindow(strides: window.strides, dilations: window.dilations, padsBegin: begin, padsEnd: end)
  }
}
