package import OctetGraph
package import OctetTensor

/// Regions of feature maps in one size, every bin from a group of channels of its own  (opset1).
///
/// Operands: x [N, C, H, W] and regions [how many, 5]: image and corners, in pixels of the image for `average`, in parts
/// of it for `bilinear`. The result is [how many, output channels, group, group].
package struct PSROIPooling: Operator {
  package enum Mode: String, CaseIterable, Sendable {
    case average, bilinear
  }

  package static let name = "PSROIPooling"
  package let outputChannels: Int
  package let groupSize: Int
  package let scale: Double
  package let mode: Mode
  /// For `bilinear`: parts of a region that have channels of their own.
  package let spatialBins: (x: Int, y: Int)

  package init(
    outputChannels: Int, groupSize: Int, scale: Double, mode: Mode, spatialBins: (x: Int, y: Int)
  ) throws(OperatorError) {
    try FeatureMap.checkPooled(
      [groupSize] + (mode == .bilinear ? [spatialBins.x, spatialBins.y] : []), of: Self.name)
    guard (1...1 << 20).contains(outputChannels) else {
      throw .mismatch("output channels of \(Self.name)", expected: "1 to \(1 << 20)", found: "\(outputChannels)")
    }
    self.outputChannels = outputChannels
    self.groupSize = groupSize
    self.scale = scale
    self.mode = mode
    self.spatialBins = spatialBins
  }

  package static func == (a: PSROIPooling, b: PSROIPooling) -> Bool {
    a.outputChannels == b.outputChannels && a.groupSize == b.groupSize && a.scale == b.scale && a.mode == b.mode
      && a.spatialBins == b.spatialBins
  }

  package var attributes: String { "\(groupSize)×\(groupSize) \(mode.rawValue) scale \(Float(scale))" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    let extents = try FeatureMap.extents(operands, valuesPerRegion: 5, of: Self.name)
    let parts = mode == .average ? groupSize * groupSize : spatialBins.x * spatialBins.y
    let channels = try Extent.product(parts, outputChannels, of: Self.name)
    guard extents.channels.accepts(channels) else {
      throw .mismatch("channels of \(Self.name)", expected: "\(channels)", found: "\(extents.channels)")
    }
    let group = Dimension.fixed(groupSize)
    return [operands[0].type.with(shape: [extents.regions, .fixed(outputChannels), group, group])]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let map = FeatureMap(operands[0])
    let regions = operands[1].doubles
    let count = operands[1].shape[0]
    var values: [Double] = []
    for region in 0..<count {
      let image = FeatureMap.clamped(regions[region * 5], to: -1...map.images)
      let box = Box(regions[(region * 5 + 1)...].prefix(4))
      for channel in 0..<outputChannels {
        for row in 0..<groupSize {
          for column in 0..<groupSize {
            guard (0..<map.images).contains(image) else {
              values.append(0)
              continue
            }
            switch mode {
            case .average: values.append(average(map, image, box, channel, row, column))
            case .bilinear: values.append(samples(map, image, box, channel, row, column))
            }
          }
        }
      }
    }
    return [
      Tensor(operands[0].elementType, Shape(valid: [count, outputChannels, groupSize, groupSize]), converting: values)
    ]
  }

  /// Of the pixels of one bin.
  private func average(
    _ map: FeatureMap, _ image: Int, _ box: Box, _ channel: Int, _ row: Int, _ column: Int
  ) -> Double {
    func pixels(_ start: Double, _ end: Double, _ bin: Int, _ extent: Int) -> Range<Int> {
      let (first, last) = (start.rounded() * scale, (end.rounded() + 1) * scale)
      let size = (last - first) / Double(groupSize)
      let low = FeatureMap.clamped((first + Double(bin) * size).rounded(.down), to: 0...extent - 1)
      return low..<max(low, FeatureMap.clamped((first + Double(bin + 1) * size).rounded(.up), to: 0...extent))
    }
    let own = (channel * groupSize + row) * groupSize + column
    let ys = pixels(box.top, box.bottom, row, map.height)
    let xs = pixels(box.left, box.right, column, map.width)
    let sum = ys.reduce(0.0) { sum, y in xs.reduce(sum) { $0 + map.value(image, own, y, $1) } }
    return ys.isEmpty || xs.isEmpty ? 0 : sum / Double(ys.count * xs.count)
  }

  /// The mean of one sample in every part of the region.
  private func samples(
    _ map: FeatureMap, _ image: Int, _ box: Box, _ channel: Int, _ row: Int, _ column: Int
  ) -> Double {
    func place(_ start: Double, _ end: Double, _ part: Int, _ parts: Int, _ bin: Int, _ extent: Int) -> Double {
      let size = (end - start) * scale / Double(parts)
      let first = start * scale + Double(part) * size
      let share = groupSize > 1 ? Double(bin) / Double(groupSize - 1) : 0.5
      return (first + share * size) * Double(extent - 1)
    }
    var sum = 0.0
    for partY in 0..<spatialBins.y {
      let y = place(box.top, box.bottom, partY, spatialBins.y, row, map.height)
      for partX in 0..<spatialBins.x {
        let x = place(box.left, box.right, partX, spatialBins.x, column, map.width)
        guard y >= 0, x >= 0, y < Double(map.height), x < Double(map.width) else { continue }
        let own = (partY * spatialBins.x + partX) * outputChannels + channel
        sum += map.interpolated(image, own, y: y, x: x)
      }
    }
    return sum / Double(spatialBins.x * spatialBins.y)
  }
}
