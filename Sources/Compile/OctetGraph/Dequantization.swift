/// How integers stand for real values: x = (q − zeroPoint) · scale, for the whole tensor or per channel.
///
/// Zero points need not be integers: FakeQuantize ranges are whatever the model says.
package struct Dequantization: Hashable, Sendable {
  /// One value, or one per index of `axes`, row-major: axes 1..<2 are the channels of an activation, 0..<2 the groups
  /// and output channels of a grouped convolution's weights.
  package let scales: [Double]
  package let zeroPoints: [Double]
  package let axes: Range<Int>

  /// Ranges are stored as f32: a zero point this close to an integer was meant to be one.
  private static let zeroPointTolerance = 3e-5

  package init(scales: [Double], zeroPoints: [Double], axes: Range<Int> = 1..<2) {
    precondition(scales.count == zeroPoints.count && !scales.isEmpty)
    let isUniform = Set(scales).count == 1 && Set(zeroPoints).count == 1
    self.scales = isUniform ? [scales[0]] : scales
    self.zeroPoints = (isUniform ? [zeroPoints[0]] : zeroPoints).map { zeroPoint in
      let nearest = zeroPoint.rounded(.toNearestOrEven)
      return abs(zeroPoint - nearest) <= Self.zeroPointTolerance ? nearest : zeroPoint
    }
    self.axes = axes
  }

  package init(scale: Double, zeroPoint: Double) { self.init(scales: [scale], zeroPoints: [zeroPoint]) }

  /// x = q − zeroPoint, with zero points taken as they are: one, or one per channel of axis 1.
  package init(exactZeroPoints zeroPoints: [Double]) {
    scales = [Double](repeating: 1, count: zeroPoints.count)
    self.zeroPoints = zeroPoints
    axes = 1..<2
  }

  package var isPerTensor: Bool { scales.count == 1 }
  package var hasUniformZeroPoint: Bool { Set(zeroPoints).count == 1 }
  package var hasIntegerZeroPoints: Bool { zeroPoints.allSatisfy { $0 == $0.rounded() } }

  package func along(_ axes: Range<Int>) -> Dequantization {
    Dequantization(scales: scales, zeroPoints: zeroPoints, axes: axes)
  }

  /// One value per channel, repeated when it is per tensor.
  package func expandedScales(_ count: Int) -> [Double] {
    isPerTensor ? [Double](repeating: scales[0], count: count) : scales
  }

  package func expandedZeroPoints(_ count: Int) -> [Double] {
    isPerTensor ? [Double](repeating: zeroPoints[0], count: count) : zeroPoints
  }
}

extension Dequantization: CustomStringConvertible {
  package var description: String {
    func list(_ values: [Double]) -> String {
      values.count == 1 ? "\(Float(values[0]))" : "\(Float(values[0]))…×\(values.count)"
    }
    let axesText = isPerTensor ? "" : " axes \(axes)"
    return "scale \(list(scales)) zeroPoint \(list(zeroPoints))\(axesText)"
  }
}
