import Glibc

/// A rectangle in parts of the image.
struct Box {
  let left: Double
  let top: Double
  let right: Double
  let bottom: Double

  private init(left: Double, top: Double, right: Double, bottom: Double) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }

  /// The first four values are the corners.
  init(_ corners: some RandomAccessCollection<Double>) {
    var values = corners.makeIterator()
    func next() -> Double { values.next() ?? 0 }
    self.init(left: next(), top: next(), right: next(), bottom: next())
  }

  init(corners: SIMD4<Double>) {
    self.init(left: corners[0], top: corners[1], right: corners[2], bottom: corners[3])
  }

  var corners: [Double] { [left, top, right, bottom] }
  var width: Double { right - left }
  var height: Double { bottom - top }
  private var area: Double { width < 0 || height < 0 ? 0 : width * height }

  var clipped: Box { clipped(width: 1, height: 1) }

  /// What is left of it in an image of this size; what is not a number becomes 0.
  func clipped(width: Double, height: Double) -> Box {
    func clip(_ value: Double, _ end: Double) -> Double { max(0, min(value, end)) }
    return Box(left: clip(left, width), top: clip(top, height), right: clip(right, width), bottom: clip(bottom, height))
  }

  /// Each corner moved by its own offset.
  func moved(corners offsets: SIMD4<Double>) -> Box {
    Box(left: left + offsets[0], top: top + offsets[1], right: right + offsets[2], bottom: bottom + offsets[3])
  }

  /// The centre moved by parts of the size, the size scaled by powers of e.
  func moved(centre offsets: SIMD4<Double>) -> Box {
    let x = (left + right) / 2 + offsets[0] * width
    let y = (top + bottom) / 2 + offsets[1] * height
    let (newWidth, newHeight) = (exp(offsets[2]) * width, exp(offsets[3]) * height)
    return Box(left: x - newWidth / 2, top: y - newHeight / 2, right: x + newWidth / 2, bottom: y + newHeight / 2)
  }

  /// Every corner in other units, and with x and y of another origin.
  func scaled(x: Double, y: Double) -> Box { Box(left: left * x, top: top * y, right: right * x, bottom: bottom * y) }
  func shifted(x: Double, y: Double) -> Box { Box(left: left + x, top: top + y, right: right + x, bottom: bottom + y) }

  /// With the pixel at right and bottom counted as inside.
  func closed(by pixel: Double) -> Box { Box(left: left, top: top, right: right + pixel, bottom: bottom + pixel) }

  func touches(_ other: Box) -> Bool {
    left <= other.right && other.left <= right && top <= other.bottom && other.top <= bottom
  }

  /// Intersection over union.
  func overlap(_ other: Box) -> Double {
    // Most boxes are apart along one axis.
    let sharedWidth = min(right, other.right) - max(left, other.left)
    if sharedWidth <= 0 { return 0 }
    let sharedHeight = min(bottom, other.bottom) - max(top, other.top)
    if sharedHeight <= 0 { return 0 }
    let intersection = sharedWidth * sharedHeight
    return intersection == 0 ? 0 : intersection / (area + other.area - intersection)
  }
}
