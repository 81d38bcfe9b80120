package import OctetGraph
package import OctetTensor

/// x resampled along some axes  (opset1, opset4, opset11).
///
///     y[i] = Σ over k of w(i, k) · x[k], one axis after the other
///
/// The weights w follow from mode and coordinates; see InterpolationWeights. Operands: x, the target sizes, the scales and,
/// optionally, the axes (opset4); or x, sizes or scales, and axes (opset11); opset1 has its axes as an attribute.
package struct Interpolate: Operator {
  package enum ShapeSource: Hashable, Sendable {
    case sizes(operand: Int)
    case scales(operand: Int)
  }

  package static let name = "Interpolate"
  package let sampling: InterpolationSampling
  package let shapeSource: ShapeSource
  /// Nil: they are the operand with this index, or all axes when there is none.
  package let axes: [Int]?
  package let axesOperand: Int
  package let padsBegin: [Int]
  package let padsEnd: [Int]
  /// That of x, when the operator reads integers and dequantizes them itself.
  package var dequantization: Dequantization?

  package init(
    sampling: InterpolationSampling, shapeSource: ShapeSource, axes: [Int]? = nil, axesOperand: Int,
    padsBegin: [Int] = [], padsEnd: [Int] = []
  ) throws(OperatorError) {
    guard (padsBegin + padsEnd).allSatisfy({ (0...Shape.maximumElementCount).contains($0) }) else {
      throw .mismatch("pads of Interpolate", expected: "0 or more", found: "\(padsBegin) and \(padsEnd)")
    }
    self.sampling = sampling
    self.shapeSource = shapeSource
    self.axes = axes
    self.axesOperand = axesOperand
    self.padsBegin = padsBegin
    self.padsEnd = padsEnd
  }

  package var attributes: String { sampling.description + (dequantization.map { " x \($0)" } ?? "") }

  private func axes(_ operands: [Operand]) throws(OperatorError) -> [Int] {
    let rank = operands[0].shape.rank
    let given =
      if let axes { axes } else if axesOperand < operands.count {
        try operands.requiredIntegers(at: axesOperand, "axes of Interpolate")
      } else { Array(0..<rank) }
    let axes = try Axis.normalized(given, rank: rank, of: Self.name)
    guard Set(axes).count == axes.count else {
      throw .mismatch("axes of Interpolate", expected: "different ones", found: "\(given)")
    }
    return axes
  }

  private func padded(_ source: PartialShape) throws(OperatorError) -> PartialShape {
    guard padsBegin.count <= source.rank, padsEnd.count <= source.rank else {
      throw .mismatch("pads of Interpolate", expected: "at most \(source.rank)", found: "\(padsBegin) and \(padsEnd)")
    }
    var dimensions = source.dimensions
    for axis in dimensions.indices {
      let begin = axis < padsBegin.count ? padsBegin[axis] : 0
      let end = axis < padsEnd.count ? padsEnd[axis] : 0
      if begin == 0, end == 0 { continue }
      dimensions[axis] = try dimensions[axis].map { (extent) throws(OperatorError) in
        try Extent.sum(try Extent.sum(extent, begin, of: Self.name), end, of: Self.name)
      }
    }
    return PartialShape(dimensions)
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2...4, of: Self.name)
    try operands.expectMovable(of: Self.name)
    guard operands[0].elementType != .boolean else {
      throw .mismatch("operand of Interpolate", expected: "numbers", found: "booleans")
    }
    let axes = try axes(operands)
    var dimensions = try padded(operands[0].shape).dimensions
    switch shapeSource {
    case .sizes(let index) where !operands.know(index), .scales(let index) where !operands.know(index):
      for axis in axes { dimensions[axis] = .dynamic }
    case .sizes(let index):
      let sizes = try operands.requiredIntegers(at: index, "sizes of Interpolate")
      guard sizes.count == axes.count, sizes.allSatisfy({ (1...Shape.maximumElementCount).contains($0) }) else {
        throw .mismatch("sizes of Interpolate", expected: "extents for \(axes.count) axes", found: "\(sizes)")
      }
      for (axis, size) in zip(axes, sizes) { dimensions[axis] = .fixed(size) }
    case .scales(let index):
      let scales = try scales(operands, index, count: axes.count)
      for (axis, scale) in zip(axes, scales) {
        dimensions[axis] = try dimensions[axis].map { (extent) throws(OperatorError) in try scaled(extent, scale) }
      }
    }
    let elementType = dequantization == nil ? operands[0].elementType : .f32
    return [TensorType(elementType, PartialShape(dimensions))]
  }

  private func scales(_ operands: [Operand], _ index: Int, count: Int) throws(OperatorError) -> [Double] {
    guard operands.indices.contains(index), let scales = operands[index].constant?.doubles else {
      throw OperatorError("scales of Interpolate: expected constants")
    }
    guard scales.count == count, scales.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw .mismatch("scales of Interpolate", expected: "positive ones for \(count) axes", found: "\(scales)")
    }
    return scales
  }

  /// ⌊extent · scale⌋, with a nudge against scales that were rounded down on their way into f32.
  private func scaled(_ extent: Int, _ scale: Double) throws(OperatorError) -> Int {
    let length = (Float(extent) * Float(scale) + 1e-6).rounded(.down)
    guard length <= Float(Shape.maximumElementCount) else {
      throw .mismatch("extent of Interpolate", expected: "at most \(Shape.maximumElementCount)", found: "\(length)")
    }
    return Int(length)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let x = dequantization.map { Tensor(.f32, operands[0].shape, converting: Dequantize($0).apply(to: operands[0])) }
    let source = try withBorder(x ?? operands[0])
    var values = source.doubles
    var extents = source.shape.extents
    for (axis, scale) in try axisScales(operands.known) {
      let weights = sampling.weights(source: extents[axis], result: shape[axis], scale: scale)
      values = Self.resample(values, extents, axis, weights)
      extents[axis] = shape[axis]
    }
    // Whole results are rounded, not cut.
    if source.elementType.isInteger { values = values.map { $0.rounded(.toNearestOrEven) } }
    return [Tensor(source.elementType, shape, converting: values)]
  }

  /// The axes that are resampled, in their order, with the scale that the model gives each; nil when it gives sizes.
  func axisScales(_ operands: [Operand]) throws(OperatorError) -> [(axis: Int, scale: Double?)] {
    let axes = try axes(operands)
    guard case .scales(let operand) = shapeSource else { return axes.map { ($0, nil) } }
    return zip(axes, try scales(operands, operand, count: axes.count)).map { ($0, $1) }
  }

  private func withBorder(_ tensor: Tensor) throws(OperatorError) -> Tensor {
    guard (padsBegin + padsEnd).contains(where: { $0 != 0 }) else { return tensor }
    let rank = tensor.shape.rank
    let widths = [padsBegin, padsEnd].map { pads in
      Tensor(.i64, Shape(valid: [rank]), elements: (0..<rank).map { Int64($0 < pads.count ? pads[$0] : 0) })
    }
    return try Pad(mode: .constant).evaluate([tensor] + widths)[0]
  }

  /// One axis: each result is a weighted sum of some elements.
  private static func resample(
    _ values: [Double], _ extents: [Int], _ axis: Int, _ weights: [[InterpolationWeight]]
  ) -> [Double] {
    let outer = extents[..<axis].reduce(1, *)
    let inner = extents[(axis + 1)...].reduce(1, *)
    var result = [Double](repeating: 0, count: outer * weights.count * inner)
    for row in 0..<outer {
      for (position, taps) in weights.enumerated() {
        for tap in taps {
          let source = (row * extents[axis] + tap.index) * inner
          let place = (row * weights.count + position) * inner
          for column in 0..<inner { result[place + column] += tap.weight * values[source + column] }
        }
      }
    }
    return result
  }

  /// The nearest element is one of the integers; everything else lies between them.
  package func carry(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]? {
    guard sampling.mode == .nearest, self.dequantization == nil, let dequantization = incoming[0] else { return nil }
    let isPadded = (padsBegin + padsEnd).contains { $0 != 0 }
    if isPadded, dequantization.zeroPoints != [0] { return nil }
    if dequantization.isPerTensor { return [dequantization] }
    guard let axes = try? axes(operands), dequantization.axes.allSatisfy({ !axes.contains($0) }) else { return nil }
    return [dequantization]
  }
}
