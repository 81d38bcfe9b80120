package import OctetGraph
package import OctetTensor

/// Regions of feature maps in one size, every bin from a group of channels of its own and moved by learned offsets
/// (opset1; Dai et al., Deformable Convolutional Networks, 2017).
///
/// Operands: x [N, C, H, W], regions [how many, 5] of image and corners, and optionally offsets
/// [how many, 2 · classes, parts, parts], right before down, in parts of the region. The result is
/// [how many, output channels, group, group].
package struct DeformablePSROIPooling: Operator {
  package static let name = "DeformablePSROIPooling"
  package let outputChannels: Int
  package let groupSize: Int
  /// Pixels of the feature map in one of the image.
  package let scale: Double
  /// Samples in one bin.
  package let spatialBins: (x: Int, y: Int)
  /// What offsets are multiplied by.
  package let offsetScale: Double
  package let partSize: Int

  package init(
    outputChannels: Int, groupSize: Int, scale: Double, spatialBins: (x: Int, y: Int), offsetScale: Double,
    partSize: Int
  ) throws(OperatorError) {
    try FeatureMap.checkPooled([groupSize, spatialBins.x, spatialBins.y, partSize], of: Self.name)
    guard (1...1 << 20).contains(outputChannels) else {
      throw .mismatch("output channels of \(Self.name)", expected: "1 to \(1 << 20)", found: "\(outputChannels)")
    }
    guard scale.isFinite, offsetScale.isFinite else {
      throw .mismatch("scales of \(Self.name)", expected: "numbers", found: "\(scale) and \(offsetScale)")
    }
    self.outputChannels = outputChannels
    self.groupSize = groupSize
    self.scale = scale
    self.spatialBins = spatialBins
    self.offsetScale = offsetScale
    self.partSize = partSize
  }

  package static func == (a: DeformablePSROIPooling, b: DeformablePSROIPooling) -> Bool {
    a.outputChannels == b.outputChannels && a.groupSize == b.groupSize && a.scale == b.scale
      && a.spatialBins == b.spatialBins && a.offsetScale == b.offsetScale && a.partSize == b.partSize
  }

  package var attributes: String { "\(groupSize)×\(groupSize) scale \(Float(scale))" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2...3, of: Self.name)
    let extents = try FeatureMap.extents(operands, valuesPerRegion: 5, of: Self.name)
    let channels = try Extent.product([groupSize, groupSize, outputChannels], of: Self.name)
    guard extents.channels.accepts(channels) else {
      throw .mismatch("channels of \(Self.name)", expected: "\(channels)", found: "\(extents.channels)")
    }
    if operands.count == 3 { try checkOffsets(operands[2], extents.regions, operands[0].elementType) }
    let group = Dimension.fixed(groupSize)
    return [operands[0].type.with(shape: [extents.regions, .fixed(outputChannels), group, group])]
  }

  private func checkOffsets(_ offsets: Operand, _ regions: Dimension, _ type: ElementType) throws(OperatorError) {
    let part = Dimension.fixed(partSize)
    guard offsets.elementType == type, offsets.shape.isCompatible(with: [regions, .dynamic, part, part]),
      let planes = offsets.shape[1].fixedExtent, planes > 0, planes % 2 == 0, outputChannels % (planes / 2) == 0
    else {
      throw .mismatch(
        "offsets of \(Self.name)",
        expected: "\(type)[\(regions), 2 · a divisor of \(outputChannels), \(part), \(part)]",
        found: "\(offsets.type)")
    }
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let map = FeatureMap(operands[0])
    let regions = operands[1].doubles
    let count = operands[1].shape[0]
    let offsets = operands.count == 3 ? operands[2] : nil
    let planes = offsets?.shape[1] ?? 2
    let moves = offsets?.doubles ?? []
    let channelsPerClass = outputChannels / (planes / 2)
    var values: [Double] = []
    for region in 0..<count {
      let image = FeatureMap.clamped(regions[region * 5], to: -1...map.images)
      let window = Window(Array(regions[region * 5 + 1..<region * 5 + 5]), scale: scale, bins: groupSize)
      for channel in 0..<outputChannels {
        for row in 0..<groupSize {
          for column in 0..<groupSize {
            let part = row * partSize / groupSize * partSize + column * partSize / groupSize
            let plane = region * planes + channel / channelsPerClass * 2
            func move(_ plane: Int) -> Double {
              moves.isEmpty ? 0 : moves[plane * partSize * partSize + part] * offsetScale
            }
            let corner = window.corner(column, row) + window.size * SIMD2(move(plane), move(plane + 1))
            let own = (channel * groupSize + row) * groupSize + column
            values.append((0..<map.images).contains(image) ? mean(map, image, own, corner, window.bin) : 0)
          }
        }
      }
    }
    return [
      Tensor(operands[0].elementType, Shape(valid: [count, outputChannels, groupSize, groupSize]), converting: values)
    ]
  }

  /// Of the samples of a bin that lie on the map; 0 without any.
  private func mean(
    _ map: FeatureMap, _ image: Int, _ channel: Int, _ corner: SIMD2<Double>, _ bin: SIMD2<Double>
  ) -> Double {
    let step = bin / SIMD2(Double(spatialBins.x), Double(spatialBins.y))
    var (sum, count) = (0.0, 0)
    for row in 0..<spatialBins.y {
      for column in 0..<spatialBins.x {
        let place = corner + step * SIMD2(Double(column), Double(row))
        guard place.x >= -0.5, place.x <= Double(map.width) - 0.5, place.y >= -0.5, place.y <= Double(map.height) - 0.5
        else { continue }
        let (y, x) = (min(max(place.y, 0), Double(map.height - 1)), min(max(place.x, 0), Double(map.width - 1)))
        sum += map.interpolated(image, channel, y: y, x: x)
        count += 1
      }
    }
    return count == 0 ? 0 : sum / Double(count)
  }

  /// A region on the map, half a pixel wider than its corners say on every side, cut into bins.
  private struct Window {
    let start: SIMD2<Double>
    let size: SIMD2<Double>
    let bin: SIMD2<Double>

    init(_ corners: [Double], scale: Double, bins: Int) {
      let c = corners.map { $0.rounded() }
      start = SIMD2(c[0], c[1]) * scale - 0.5
      let end = (SIMD2(c[2], c[3]) + 1) * scale - 0.5
      size = SIMD2(max(end.x - start.x, 0.1), max(end.y - start.y, 0.1))
      bin = size / Double(bins)
    }

    func corner(_ column: Int, _ row: Int) -> SIMD2<Double> { start + bin * SIMD2(Double(column), Double(row)) }
  }
}
