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
  init(_ corners: ArraySlice<Double>) {
    let first = corners.startIndex
    self.init(left: corners[first], top: corners[first + 1], right: corners[first + 2], bottom: corners[first + 3])
  }

  private var width: Double { right - left }
  private var height: Double { bottom - top }
  private var area: Double { width < 0 || height < 0 ? 0 : width * height }

  var clipped: Box {
    func clip(_ value: Double) -> Double { min(max(value, 0), 1) }
    return Box(left: clip(left), top: clip(top), right: clip(right), bottom: clip(bottom))
  }

  /// Each corner moved by its own offset.
  func moved(corners offsets: [Double]) -> Box {
    Box(left: left + offsets[0], top: top + offsets[1], right: right + offsets[2], bottom: bottom + offsets[3])
  }

  /// The centre moved by parts of the size, the size scaled by powers of e.
  func moved(centre offsets: [Double]) -> Box {
    let x = (left + right) / 2 + offsets[0] * width
    let y = (top + bottom) / 2 + offsets[1] * height
    let (newWidth, newHeight) = (exp(offsets[2]) * width, exp(offsets[3]) * height)
    return Box(left: x - newWidth / 2, top: y - newHeight / 2, right: x + newWidth / 2, bottom: y + newHeight / 2)
  }

  /// Intersection over union.
  func overlap(_ other: Box) -> Double {
    let shared = Box(
      left: max(left, other.left), top: max(top, other.top), right: min(right, other.right),
      bottom: min(bottom, other.bottom))
    let intersection = shared.width <= 0 || shared.height <= 0 ? 0 : shared.width * shared.height
    return intersection == 0 ? 0 : intersection / (area + other.area - intersection)
  }
}
