import Glibc

/// A rectangle turned around its centre.
struct RotatedBox {
  /// Two rectangles have at most this many edges, and cutting one by the other takes so many steps.
  static let comparisonCost = 32

  private let corners: [SIMD2<Double>]
  private let area: Double

  /// - Parameters:
  ///   - numbers: x and y of the centre, width, height and the angle in radians.
  ///   - isClockwise: as one sees it, with y downwards.
  init(_ numbers: some RandomAccessCollection<Double>, isClockwise: Bool) {
    let n = Array(numbers)
    let (centre, half) = (SIMD2(n[0], n[1]), SIMD2(n[2], n[3]) / 2)
    let angle = isClockwise ? n[4] : -n[4]
    let across = SIMD2(cos(angle), sin(angle)) * half.x
    let along = SIMD2(-sin(angle), cos(angle)) * half.y
    corners = [centre - across - along, centre + across - along, centre + across + along, centre - across + along]
    area = abs(n[2] * n[3])
  }

  /// Intersection over union; 0 for what is no rectangle.
  func overlap(_ other: RotatedBox) -> Double {
    let shared = Self.area(of: intersection(other))
    let overlap = shared / (area + other.area - shared)
    return overlap.isFinite && shared > 0 ? overlap : 0
  }

  /// This polygon cut along every edge of the other (Sutherland and Hodgman, 1974).
  private func intersection(_ other: RotatedBox) -> [SIMD2<Double>] {
    var polygon = corners
    for (start, end) in zip(other.corners, other.corners.dropFirst() + other.corners.prefix(1)) {
      let edge = end - start
      /// How far a point lies on the inner side, times the length of the edge.
      func depth(_ point: SIMD2<Double>) -> Double { Self.cross(edge, point - start) }
      var cut: [SIMD2<Double>] = []
      for (point, next) in zip(polygon, polygon.dropFirst() + polygon.prefix(1)) {
        let (own, following) = (depth(point), depth(next))
        if own >= 0 { cut.append(point) }
        if own > 0 && following < 0 || own < 0 && following > 0 {
          cut.append(point + (next - point) * (own / (own - following)))
        }
      }
      polygon = cut
    }
    return polygon
  }

  private static func cross(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Double { a.x * b.y - a.y * b.x }

  /// Half of what the triangles to the origin come to (Gauss).
  private static func area(of polygon: [SIMD2<Double>]) -> Double {
    abs(zip(polygon, polygon.dropFirst() + polygon.prefix(1)).reduce(0) { $0 + cross($1.0, $1.1) }) / 2
  }
}
