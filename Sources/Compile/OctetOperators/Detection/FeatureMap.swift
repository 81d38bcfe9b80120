import OctetGraph
import OctetTensor

/// Pictures of many channels [N, C, H, W] that regions of interest look into.
struct FeatureMap {
  let images: Int
  let channels: Int
  let height: Int
  let width: Int
  private let values: [Double]

  init(_ tensor: Tensor) {
    (images, channels, height, width) = (tensor.shape[0], tensor.shape[1], tensor.shape[2], tensor.shape[3])
    values = tensor.doubles
  }

  func value(_ image: Int, _ channel: Int, _ y: Int, _ x: Int) -> Double {
    values[((image * channels + channel) * height + y) * width + x]
  }

  /// Between the four pixels around a place, which must not be negative; behind the last pixel that one.
  func interpolated(_ image: Int, _ channel: Int, y: Double, x: Double) -> Double {
    let (top, bottom, down) = Self.neighbours(y, height)
    let (left, right, along) = Self.neighbours(x, width)
    let upper = value(image, channel, top, left) * (1 - along) + value(image, channel, top, right) * along
    let lower = value(image, channel, bottom, left) * (1 - along) + value(image, channel, bottom, right) * along
    return upper * (1 - down) + lower * down
  }

  private static func neighbours(_ place: Double, _ extent: Int) -> (Int, Int, Double) {
    let low = clamped(place.rounded(.down), to: 0...extent - 1)
    return low == extent - 1 ? (low, low, 0) : (low, low + 1, place - Double(low))
  }

  /// A whole number in a range, whatever a request holds.
  static func clamped(_ value: Double, to range: ClosedRange<Int>) -> Int {
    // NaN compares as false and becomes the lower bound.
    value > Double(range.lowerBound) ? Int(min(value, Double(range.upperBound))) : range.lowerBound
  }

  /// Checks x [N, C, H, W] and `count` values for each region, and says how many regions and channels there are.
  static func extents(
    _ operands: [Operand], valuesPerRegion count: Int, of name: String
  ) throws(OperatorError) -> (regions: Dimension, channels: Dimension) {
    let (x, regions) = (operands[0], operands[1])
    guard x.elementType.isFloatingPoint, x.elementType == regions.elementType, x.shape.rank == 4,
      regions.shape.rank == 2, regions.shape[1].accepts(count), !x.shape.dimensions.contains(.fixed(0))
    else {
      throw .mismatch(
        "operands of \(name)", expected: "x [N, C, H, W] and regions [how many, \(count)] of its type",
        found: "\(x.type), \(regions.type)")
    }
    return (regions.shape[0], x.shape[1])
  }

  /// Checks that operand 2 names an image for each region.
  static func expectImages(_ operands: [Operand], _ regions: Dimension, of name: String) throws(OperatorError) {
    try operands.expectIndices(at: 2, of: name)
    guard operands[2].shape.isCompatible(with: [regions]) else {
      throw .mismatch("images of \(name)", expected: "one for each region", found: "\(operands[2].type)")
    }
  }

  /// Checks the extents that regions are pooled to.
  static func checkPooled(_ extents: [Int], of name: String) throws(OperatorError) {
    guard extents.allSatisfy({ (1...1 << 12).contains($0) }) else {
      throw .mismatch("pooled size of \(name)", expected: "1 to \(1 << 12)", found: "\(extents)")
    }
  }
}
