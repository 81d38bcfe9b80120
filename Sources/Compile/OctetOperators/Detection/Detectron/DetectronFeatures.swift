import Glibc
package import OctetGraph
package import OctetTensor

/// Regions in one size, each from the level of a pyramid that suits its size
/// (ExperimentalDetectronROIFeatureExtractor, opset6; Lin et al., Feature Pyramid Networks, 2017).
///
///     level = ⌊2 + log₂(√area / 224)⌋, within the pyramid
///
/// Operands: corners [regions, 4] and one feature map [1, C, H, W] for each level. Results: [regions, C, size, size], and
/// the corners again.
package struct DetectronFeatures: Operator {
  package static let name = "DetectronFeatures"
  package let size: Int
  /// Pixels of the image in one of each level.
  package let scales: [Double]
  /// Whether corners are half a pixel further in.
  package let isAligned: Bool
  private let sampling: RegionSampling

  package init(size: Int, samplingRatio: Int, scales: [Double], isAligned: Bool) throws(OperatorError) {
    guard (1...64).contains(scales.count), scales.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw .mismatch("pyramid_scales of \(Self.name)", expected: "1 to 64 positive numbers", found: "\(scales)")
    }
    self.size = size
    self.scales = scales
    self.isAligned = isAligned
    sampling = try RegionSampling(
      height: size, width: size, ratio: samplingRatio, pooling: .average, leastSize: 1, of: Self.name)
  }

  package var attributes: String { "\(size)×\(size) levels \(scales.count)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(scales.count + 1, of: Self.name)
    for level in operands.dropFirst() {
      let extents = try FeatureMap.extents([level, operands[0]], valuesPerRegion: 4, of: Self.name)
      guard PartialShape([operands[1].shape[1]]).isCompatible(with: [extents.channels]), level.shape[0].accepts(1)
      else {
        throw .mismatch("levels of \(Self.name)", expected: "one image, equal channels", found: "\(level.type)")
      }
    }
    let extent = Dimension.fixed(size)
    return [
      operands[0].type.with(shape: [operands[0].shape[0], operands[1].shape[1], extent, extent]), operands[0].type,
    ]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let maps = operands.dropFirst().map(FeatureMap.init)
    let corners = operands[0].doubles
    var values: [Double] = []
    for region in 0..<operands[0].shape[0] {
      let box = Box(corners[(region * 4)...].prefix(4))
      guard let level = level(box) else {
        values += [Double](repeating: 0, count: maps[0].channels * size * size)
        continue
      }
      let shift = isAligned ? -0.5 : 0
      let own = box.scaled(x: 1 / scales[level], y: 1 / scales[level]).shifted(x: shift, y: shift)
      values += try sampling.values(maps[level], 0, own)
    }
    let shape = Shape(valid: [operands[0].shape[0], maps[0].channels, size, size])
    return [Tensor(operands[0].elementType, shape, converting: values), operands[0]]
  }

  /// Nil for a region without area.
  private func level(_ box: Box) -> Int? {
    let area = box.width * box.height
    guard area > 0 else { return nil }
    return FeatureMap.clamped((2 + log2(area.squareRoot() / 224 + 1e-6)).rounded(.down), to: 0...scales.count - 1)
  }
}
