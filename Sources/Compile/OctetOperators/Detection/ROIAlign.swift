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
  /// Pixels of the feature map in one of the image.
  package let scale: Double
  package let mode: Mode
  package let alignment: Alignment
  private let sampling: RegionSampling

  /// - Parameter samplingRatio: samples in one bin along an axis; 0: as many as it has pixels.
  package init(
    height: Int, width: Int, samplingRatio: Int, scale: Double, mode: Mode, alignment: Alignment
  ) throws(OperatorError) {
    guard scale.isFinite else { throw .mismatch("scale of \(Self.name)", expected: "a number", found: "\(scale)") }
    sampling = try RegionSampling(
      height: height, width: width, ratio: samplingRatio, pooling: mode == .maximum ? .maximum : .average,
      leastSize: alignment == .asymmetric ? 1 : nil, of: Self.name)
    self.scale = scale
    self.mode = mode
    self.alignment = alignment
  }

  package var attributes: String {
    "\(sampling.height)×\(sampling.width) \(mode.rawValue) \(alignment.rawValue) scale \(Float(scale))"
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(3, of: Self.name)
    let extents = try FeatureMap.extents(operands, valuesPerRegion: 4, of: Self.name)
    try FeatureMap.expectImages(operands, extents.regions, of: Self.name)
    return [
      operands[0].type.with(shape: [extents.regions, extents.channels, .fixed(sampling.height), .fixed(sampling.width)])
    ]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let map = FeatureMap(operands[0])
    let (corners, images) = (operands[1].doubles, operands[2].doubles)
    let regions = operands[1].shape[0]
    var values: [Double] = []
    for region in 0..<regions {
      let box = Box(corners[(region * 4)...].prefix(4).map(inMap))
      values += try sampling.values(map, FeatureMap.clamped(images[region], to: -1...map.images), box)
    }
    let shape = Shape(valid: [regions, map.channels, sampling.height, sampling.width])
    return [Tensor(operands[0].elementType, shape, converting: values)]
  }

  private func inMap(_ place: Double) -> Double {
    switch alignment {
    case .asymmetric: place * scale
    case .halfPixelForNearest: place * scale - 0.5
    case .halfPixel: (place + 0.5) * scale - 0.5
    }
  }
}
