import Glibc
package import OctetGraph
package import OctetTensor

/// Regions of feature maps in one size: average or maximum over samples between pixels  (opset3, opset9).
///
/// Operands: x [N, C, H, W]; regions [how many, 4], corners in the image; and the image of each. The result is
/// [how many, C, height, width]. Samples that lie more than a pixel outside count as 0.
package struct ROIAlign: Operator {
  package enum Mode: String, CaseIterable, Sendable {
    case average = "avg"
    case maximum = "max"
  }

  /// Where the corner (0, 0) of the image lies in the first pixel.
  package enum Alignment: String, CaseIterable, Sendable {
    case asymmetric
    case halfPixelForNearest = "half_pixel_for_nn"
    case halfPixel = "half_pixel"
  }

  package static let name = "ROIAlign"
  /// Samples in one bin along an axis: a region has no more than an image has pixels.
  private static let maximumRatio = 1 << 10

  package let height: Int
  package let width: Int
  /// Samples in one bin along an axis; 0: as many as it has pixels.
  package let samplingRatio: Int
  /// Pixels of the feature map in one of the image.
  package let scale: Double
  package let mode: Mode
  package let alignment: Alignment

  package init(
    height: Int, width: Int, samplingRatio: Int, scale: Double, mode: Mode, alignment: Alignment
  ) throws(OperatorError) {
    try FeatureMap.checkPooled([height, width], of: Self.name)
    guard (0...Self.maximumRatio).contains(samplingRatio), scale.isFinite else {
      throw .mismatch(
        "sampling of \(Self.name)", expected: "a ratio of 0 to \(Self.maximumRatio) and a finite scale",
        found: "\(samplingRatio) and \(scale)")
    }
    self.height = height
    self.width = width
    self.samplingRatio = samplingRatio
    self.scale = scale
    self.mode = mode
    self.alignment = alignment
  }

  package var attributes: String { "\(height)×\(width) \(mode.rawValue) \(alignment.rawValue) scale \(Float(scale))" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(3, of: Self.name)
    let extents = try FeatureMap.extents(operands, valuesPerRegion: 4, of: Self.name)
    try operands.expectIndices(at: 2, of: Self.name)
    guard operands[2].shape.isCompatible(with: [extents.regions]) else {
      throw .mismatch("images of \(Self.name)", expected: "one for each region", found: "\(operands[2].type)")
    }
    return [operands[0].type.with(shape: [extents.regions, extents.channels, .fixed(height), .fixed(width)])]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let map = FeatureMap(operands[0])
    let (corners, images) = (operands[1].doubles, operands[2].doubles)
    let regions = operands[1].shape[0]
    var values: [Double] = []
    values.reserveCapacity(regions * map.channels * height * width)
    for region in 0..<regions {
      let box = corners[(region * 4)...].prefix(4).map(inMap)
      let rows = try samples(from: box[1], to: box[3], bins: height, extent: map.height)
      let columns = try samples(from: box[0], to: box[2], bins: width, extent: map.width)
      let image = FeatureMap.clamped(images[region], to: -1...map.images)
      guard (0..<map.images).contains(image) else {
        values += [Double](repeating: 0, count: map.channels * height * width)
        continue
      }
      for channel in 0..<map.channels {
        for row in rows { for column in columns { values.append(pooled(map, image, channel, row, column)) } }
      }
    }
    return [
      Tensor(operands[0].elementType, Shape(valid: [regions, map.channels, height, width]), converting: values)
    ]
  }

  private func inMap(_ place: Double) -> Double {
    switch alignment {
    case .asymmetric: place * scale
    case .halfPixelForNearest: place * scale - 0.5
    case .halfPixel: (place + 0.5) * scale - 0.5
    }
  }

  /// For each bin along an axis the places where it is sampled; nil for those outside.
  private func samples(
    from start: Double, to end: Double, bins: Int, extent: Int
  ) throws(OperatorError) -> [[Double?]] {
    let length = (alignment == .asymmetric ? max(end - start, 1) : end - start) / Double(bins)
    let count = samplingRatio > 0 ? Double(samplingRatio) : length.rounded(.up)
    // The values come with a request: neither NaN nor a region without end.
    guard count <= Double(Self.maximumRatio) else {
      throw .mismatch(
        "regions of \(Self.name)", expected: "at most \(Self.maximumRatio) pixels in a bin", found: "\(length)")
    }
    return (0..<bins).map { bin in
      (0..<Int(max(count, 0))).map { sample in
        let place = start + Double(bin) * length + length / count * (Double(sample) + 0.5)
        return place >= -1 && place <= Double(extent) ? max(place, 0) : nil
      }
    }
  }

  /// A maximum begins at 0, as the definition has it.
  private func pooled(
    _ map: FeatureMap, _ image: Int, _ channel: Int, _ rows: [Double?], _ columns: [Double?]
  ) -> Double {
    var result = 0.0
    for y in rows {
      for x in columns {
        guard let y, let x else { continue }
        let value = map.interpolated(image, channel, y: y, x: x)
        result = mode == .maximum ? max(result, value) : result + value / Double(rows.count * columns.count)
      }
    }
    return result
  }
}
