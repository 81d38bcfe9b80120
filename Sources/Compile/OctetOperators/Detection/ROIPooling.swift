package import OctetGraph
package import OctetTensor

/// Regions of feature maps in one size, by the largest pixel of each bin or by one sample  (opset2).
///
/// Operands: x [N, C, H, W] and regions [how many, 5]: image and corners, in pixels of the image for `maximum`, in parts
/// of it for `bilinear`. The result is [how many, C, height, width]. What lies outside is 0.
package struct ROIPooling: Operator {
  package enum Method: String, CaseIterable, Sendable {
    case maximum = "max"
    case bilinear
  }

  package static let name = "ROIPooling"
  package let height: Int
  package let width: Int
  /// Pixels of the feature map in one of the image.
  package let scale: Double
  package let method: Method

  package init(height: Int, width: Int, scale: Double, method: Method) throws(OperatorError) {
    try FeatureMap.checkPooled([height, width], of: Self.name)
    self.height = height
    self.width = width
    self.scale = scale
    self.method = method
  }

  package var attributes: String { "\(height)×\(width) \(method.rawValue) scale \(Float(scale))" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    let extents = try FeatureMap.extents(operands, valuesPerRegion: 5, of: Self.name)
    return [operands[0].type.with(shape: [extents.regions, extents.channels, .fixed(height), .fixed(width)])]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let map = FeatureMap(operands[0])
    let regions = operands[1].doubles
    let count = operands[1].shape[0]
    var values: [Double] = []
    for region in 0..<count {
      let image = FeatureMap.clamped(regions[region * 5], to: -1...map.images)
      guard (0..<map.images).contains(image) else {
        values += [Double](repeating: 0, count: map.channels * height * width)
        continue
      }
      let box = Box(regions[(region * 5 + 1)...].prefix(4))
      switch method {
      case .maximum: values += maxima(map, image, box.scaled(x: scale, y: scale))
      case .bilinear: values += samples(map, image, box)
      }
    }
    return [Tensor(operands[0].elementType, Shape(valid: [count, map.channels, height, width]), converting: values)]
  }

  private func maxima(_ map: FeatureMap, _ image: Int, _ box: Box) -> [Double] {
    let rows = Self.bins(from: box.top, to: box.bottom, count: height, extent: map.height)
    let columns = Self.bins(from: box.left, to: box.right, count: width, extent: map.width)
    return (0..<map.channels).flatMap { channel in
      rows.flatMap { ys in
        columns.map { xs in
          let pixels = ys.lazy.flatMap { y in xs.lazy.map { x in map.value(image, channel, y, x) } }
          return pixels.max() ?? 0
        }
      }
    }
  }

  /// Bins of whole pixels that may overlap by one.
  private static func bins(from start: Double, to end: Double, count: Int, extent: Int) -> [Range<Int>] {
    let bounds = -(1 << 30)...(1 << 30)
    let (first, last) = (
      FeatureMap.clamped(start.rounded(), to: bounds), FeatureMap.clamped(end.rounded(), to: bounds)
    )
    let size = Double(max(last - first + 1, 1)) / Double(count)
    return (0..<count).map { bin in
      let low = FeatureMap.clamped((Double(bin) * size).rounded(.down) + Double(first), to: 0...extent)
      let high = FeatureMap.clamped((Double(bin + 1) * size).rounded(.up) + Double(first), to: 0...extent)
      return low..<max(low, high)
    }
  }

  private func samples(_ map: FeatureMap, _ image: Int, _ box: Box) -> [Double] {
    let rows = Self.places(from: box.top, to: box.bottom, count: height, extent: map.height)
    let columns = Self.places(from: box.left, to: box.right, count: width, extent: map.width)
    return (0..<map.channels).flatMap { channel in
      rows.flatMap { y in
        columns.map { x in
          let isInside = y >= 0 && y <= Double(map.height - 1) && x >= 0 && x <= Double(map.width - 1)
          return isInside ? map.interpolated(image, channel, y: y, x: x) : 0
        }
      }
    }
  }

  /// From edge to edge; the middle if there is only one. The last is exact, so that rounding does not push it outside.
  private static func places(from start: Double, to end: Double, count: Int, extent: Int) -> [Double] {
    let last = Double(extent - 1)
    guard count > 1 else { return [(start + end) / 2 * last] }
    return (0..<count).map { index in
      index == count - 1 ? end * last : start * last + Double(index) * ((end - start) * last / Double(count - 1))
    }
  }
}
