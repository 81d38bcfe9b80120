import Glibc
package import OctetGraph
package import OctetTensor

/// Turned regions of feature maps in one size, averages over samples between pixels  (opset15).
///
/// Operands: x [N, C, H, W]; regions [how many, 5] of centre, size and angle in radians, in the image; and the image of
/// each. The result is [how many, C, height, width]. Samples that lie more than a pixel outside count as 0.
package struct ROIAlignRotated: Operator {
  package static let name = "ROIAlignRotated"
  /// Pixels of the feature map in one of the image.
  package let scale: Double
  package let isClockwise: Bool
  private let sampling: RegionSampling

  /// - Parameter samplingRatio: samples in one bin along an axis; 0: as many as it has pixels.
  package init(height: Int, width: Int, samplingRatio: Int, scale: Double, isClockwise: Bool) throws(OperatorError) {
    guard scale.isFinite else { throw .mismatch("scale of \(Self.name)", expected: "a number", found: "\(scale)") }
    sampling = try RegionSampling(
      height: height, width: width, ratio: samplingRatio, pooling: .average, leastSize: nil, of: Self.name)
    self.scale = scale
    self.isClockwise = isClockwise
  }

  package var attributes: String {
    "\(sampling.height)×\(sampling.width) \(isClockwise ? "clockwise" : "counterclockwise") scale \(Float(scale))"
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(3, of: Self.name)
    let extents = try FeatureMap.extents(operands, valuesPerRegion: 5, of: Self.name)
    try FeatureMap.expectImages(operands, extents.regions, of: Self.name)
    return [
      operands[0].type.with(shape: [extents.regions, extents.channels, .fixed(sampling.height), .fixed(sampling.width)])
    ]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let map = FeatureMap(operands[0])
    let (regions, images) = (operands[1].doubles, operands[2].doubles)
    let count = operands[1].shape[0]
    var values: [Double] = []
    for region in 0..<count {
      let image = FeatureMap.clamped(images[region], to: -1...map.images)
      values += try self.values(map, image, Array(regions[region * 5..<(region + 1) * 5]))
    }
    return [
      Tensor(
        operands[0].elementType, Shape(valid: [count, map.channels, sampling.height, sampling.width]),
        converting: values)
    ]
  }

  /// All channels of one region [C, height, width].
  private func values(_ map: FeatureMap, _ image: Int, _ region: [Double]) throws(OperatorError) -> [Double] {
    guard (0..<map.images).contains(image) else {
      return [Double](repeating: 0, count: map.channels * sampling.height * sampling.width)
    }
    let (x, y) = (region[0] * scale - 0.5, region[1] * scale - 0.5)
    let (width, height) = (region[2] * scale, region[3] * scale)
    let angle = isClockwise ? region[4] : -region[4]
    let (cosine, sine) = (cos(angle), sin(angle))
    // Around the centre, not yet turned.
    let rows = try sampling.places(from: -height / 2, to: height / 2, bins: sampling.height)
    let columns = try sampling.places(from: -width / 2, to: width / 2, bins: sampling.width)
    return (0..<map.channels).flatMap { channel in
      rows.flatMap { row in
        columns.map { column in
          var sum = 0.0
          for down in row {
            for right in column {
              guard let ownY = RegionSampling.inside(y + down * cosine + right * sine, extent: map.height),
                let ownX = RegionSampling.inside(x + right * cosine - down * sine, extent: map.width)
              else { continue }
              sum += map.interpolated(image, channel, y: ownY, x: ownX)
            }
          }
          return sum / Double(max(row.count * column.count, 1))
        }
      }
    }
  }
}
