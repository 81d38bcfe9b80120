import OctetGraph
import OctetTensor

/// Regions of feature maps in one size, by samples between pixels: what ROIAlign and Detectron's extractor share.
struct RegionSampling: Hashable, Sendable {
  enum Pooling: Sendable {
    case average, maximum
  }

  /// Samples in one bin along an axis: a region has no more than an image has pixels.
  private static let maximumRatio = 1 << 10

  let height: Int
  let width: Int
  /// Samples in one bin along an axis; 0: as many as it has pixels.
  let ratio: Int
  let pooling: Pooling
  /// Regions are at least this long and wide, in pixels.
  let leastSize: Double?

  init(
    height: Int, width: Int, ratio: Int, pooling: Pooling, leastSize: Double?, of name: String
  ) throws(OperatorError) {
    try FeatureMap.checkPooled([height, width], of: name)
    guard (0...Self.maximumRatio).contains(ratio) else {
      throw .mismatch("sampling ratio of \(name)", expected: "0 to \(Self.maximumRatio)", found: "\(ratio)")
    }
    self.height = height
    self.width = width
    self.ratio = ratio
    self.pooling = pooling
    self.leastSize = leastSize
  }

  /// All channels of one region [C, height, width], its corners in pixels of the map; zeros for an image that there is
  /// not.
  func values(_ map: FeatureMap, _ image: Int, _ box: Box) throws(OperatorError) -> [Double] {
    guard (0..<map.images).contains(image) else {
      return [Double](repeating: 0, count: map.channels * height * width)
    }
    let rows = try samples(from: box.top, to: box.bottom, bins: height, extent: map.height)
    let columns = try samples(from: box.left, to: box.right, bins: width, extent: map.width)
    return (0..<map.channels).flatMap { channel in
      rows.flatMap { row in columns.map { column in pooled(map, image, channel, row, column) } }
    }
  }

  /// For each bin along an axis the places where it is sampled; nil for those outside.
  private func samples(
    from start: Double, to end: Double, bins: Int, extent: Int
  ) throws(OperatorError) -> [[Double?]] {
    try places(from: start, to: end, bins: bins).map { $0.map { Self.inside($0, extent: extent) } }
  }

  /// A place on the map, or nil; those up to a pixel before its first pixel count as that.
  static func inside(_ place: Double, extent: Int) -> Double? {
    place >= -1 && place <= Double(extent) ? max(place, 0) : nil
  }

  /// For each bin along an axis the places where it is sampled.
  func places(from start: Double, to end: Double, bins: Int) throws(OperatorError) -> [[Double]] {
    let length = (leastSize.map { max(end - start, $0) } ?? (end - start)) / Double(bins)
    let count = ratio > 0 ? Double(ratio) : length.rounded(.up)
    // The values come with a request: neither NaN nor a region without end.
    guard count <= Double(Self.maximumRatio) else {
      throw .mismatch("regions", expected: "at most \(Self.maximumRatio) pixels in a bin", found: "\(length)")
    }
    return (0..<bins).map { bin in
      (0..<Int(max(count, 0))).map { sample in
        start + Double(bin) * length + length / count * (Double(sample) + 0.5)
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
        result = pooling == .maximum ? max(result, value) : result + value / Double(rows.count * columns.count)
      }
    }
    return result
  }
}
