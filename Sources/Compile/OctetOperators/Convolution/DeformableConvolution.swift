package import OctetGraph
package import OctetTensor

/// A convolution whose taps are moved by offsets of their own, between pixels  (opset1, opset8).
///
/// Operands: x [N, C, H, W], offsets [N, groups·taps·2, H', W'], y before x, weights [O, C/g, h, w], and from opset8 on a
/// factor for each tap [N, groups·taps, H', W']. Taps that leave the image are 0.
package struct DeformableConvolution: Operator {
  package static let name = "DeformableConvolution"
  package let window: SpatialWindow
  package let groups: Int
  /// Groups of channels with offsets of their own.
  package let offsetGroups: Int
  /// Whether a tap less than a pixel outside still sees the edge.
  package let reachesEdges: Bool

  package init(window: SpatialWindow, groups: Int, offsetGroups: Int, reachesEdges: Bool) throws(OperatorError) {
    guard window.rank == 2, (1...1 << 20).contains(groups), (1...1 << 20).contains(offsetGroups) else {
      throw .mismatch("groups of \(Self.name)", expected: "1 or more over 2 axes", found: "\(groups), \(offsetGroups)")
    }
    self.window = window
    self.groups = groups
    self.offsetGroups = offsetGroups
    self.reachesEdges = reachesEdges
  }

  package var attributes: String { "\(window.description()) groups \(groups) offset groups \(offsetGroups)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(3...4, of: Self.name)
    for operand in operands where operand.elementType != operands[0].elementType || operand.shape.rank != 4 {
      throw .mismatch(
        "operands of \(Self.name)", expected: "\(operands[0].elementType) of rank 4", found: "\(operand.type)")
    }
    guard operands[0].elementType.isFloatingPoint, let weights = operands[2].shape.fixed, weights.elementCount > 0
    else {
      throw .mismatch("weights of \(Self.name)", expected: "a fixed shape", found: "\(operands[2].type)")
    }
    let channels = try Extent.product(weights[1], groups, of: Self.name)
    guard operands[0].shape[1].accepts(channels), weights[0] % groups == 0, channels % offsetGroups == 0 else {
      throw .mismatch(
        "channels of \(Self.name)", expected: "\(channels) in \(groups) and \(offsetGroups) groups",
        found: "\(operands[0].type) and \(operands[2].type)")
    }
    let spatial = try window.spatial(of: operands[0].shape, Self.name)
    let result = try window.outputDimensions(input: spatial, kernel: Array(weights.extents[2...]))
    let taps = try Extent.product([offsetGroups, weights[2], weights[3]], of: Self.name)
    for (index, count) in [(1, try Extent.product(2, taps, of: Self.name)), (3, taps)] where index < operands.count {
      let expected = PartialShape([operands[0].shape[0], .fixed(count)] + result)
      guard operands[index].shape.isCompatible(with: expected) else {
        throw .mismatch("operand \(index) of \(Self.name)", expected: "\(expected)", found: "\(operands[index].type)")
      }
    }
    return [operands[0].type.with(shape: PartialShape([operands[0].shape[0], .fixed(weights[0])] + result))]
  }

  package func macs(_ operands: [Operand], _ results: [TensorType]) -> Int {
    guard let result = results[0].shape.fixed, let weights = operands[2].shape.fixed else { return 0 }
    return result.elementCount * weights.count(in: 1..<4)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let map = FeatureMap(operands[0])
    let kernel = operands[2].shape
    let (weights, offsets) = (operands[2].doubles, operands[1].doubles)
    let factors = operands.count == 4 ? operands[3].doubles : nil
    let area = shape.count(in: 2..<4)
    let taps = kernel.count(in: 2..<4)
    let begin = (0..<2).map { axis in
      window.pads(axis: axis, input: axis == 0 ? map.height : map.width, kernel: kernel[2 + axis]).begin
    }
    var values = [Double](repeating: 0, count: shape.elementCount)
    for index in values.indices {
      let (plane, pixel) = index.quotientAndRemainder(dividingBy: area)
      let (image, output) = plane.quotientAndRemainder(dividingBy: shape[1])
      let (row, column) = pixel.quotientAndRemainder(dividingBy: shape[3])
      for own in 0..<kernel[1] {
        let channel = output / (shape[1] / groups) * kernel[1] + own
        let group = image * offsetGroups + channel / (map.channels / offsetGroups)
        for tap in 0..<taps {
          let (tapY, tapX) = tap.quotientAndRemainder(dividingBy: kernel[3])
          let offset = (group * taps + tap) * 2 * area + pixel
          let y = Double(row * window.strides[0] - begin[0] + tapY * window.dilations[0]) + offsets[offset]
          let x = Double(column * window.strides[1] - begin[1] + tapX * window.dilations[1]) + offsets[offset + area]
          let factor = factors.map { $0[(group * taps + tap) * area + pixel] } ?? 1
          values[index] += sample(map, image, channel, y, x) * weights[(output * kernel[1] + own) * taps + tap] * factor
        }
      }
    }
    return [Tensor(operands[0].elementType, shape, converting: values)]
  }

  private func sample(_ map: FeatureMap, _ image: Int, _ channel: Int, _ y: Double, _ x: Double) -> Double {
    let lower = reachesEdges ? -1.0 : 0
    let isInside =
      reachesEdges
      ? y > lower && x > lower && y < Double(map.height) && x < Double(map.width)
      : y >= lower && x >= lower && y < Double(map.height) && x < Double(map.width)
    guard isInside else { return 0 }
    guard reachesEdges else { return map.interpolated(image, channel, y: y, x: x) }
    let (top, left) = (Int(y.rounded(.down)), Int(x.rounded(.down)))
    var sum = 0.0
    for row in top...top + 1 where (0..<map.height).contains(row) {
      for column in left...left + 1 where (0..<map.width).contains(column) {
        sum += (1 - abs(y - Double(row))) * (1 - abs(x - Double(column))) * map.value(image, channel, row, column)
      }
    }
    return sum
  }
}
