/// How integers stand for real values: x = (q − zeroPoint) · scale, for the whole tensor or along one axis.
///
/// Zero points need not be integers: FakeQuantize ranges are whatever the model says.
package struct Dequantization: Hashable, Sendable {
  /// One value, or one per index of `axis`.
  package let scales: [Double]
  package let zeroPoints: [Double]
  package let axis: Int

  /// Ranges are stored as f32: a zero point this close to an integer was meant to be one.
  private static let zeroPointTolerance = 3e-5

  package init(scales: [Double], zeroPoints: [Double], axis: Int = 1) {
    precondition(scales.count == zeroPoints.count && !scales.isEmpty)
    let isUniform = Set(scales).count == 1 && Set(zeroPoints).count == 1
    self.scales = isUniform ? [scales[0]] : scales
    self.zeroPoints = (isUniform ? [zeroPoints[0]] : zeroPoints).map { zeroPoint in
      let nearest = zeroPoint.rounded(.toNearestOrEven)
      return abs(zeroPoint - nearest) <= Self.zeroPointTolerance ? nearest : zeroPoint
    }
    self.axis = axis
  }

  package init(scale: Double, zeroPoint: Double) { self.init(scales: [scale], zeroPoints: [zeroPoint]) }

  package var isPerTensor: Bool { scales.count == 1 }
  package var hasUniformZeroPoint: Bool { Set(zeroPoints).count == 1 }
  package var hasIntegerZeroPoints: Bool { zeroPoints.allSatisfy { $0 == $0.rounded() } }

  package func along(axis: Int) -> Dequantization {
    Dequantization(scales: scales, zeroPoints: zeroPoints, axis: axis)
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
    let axisText = isPerTensor ? "" : " axis \(axis)"
    return "scale \(list(scales)) zeroPoint \(list(zeroPoints))\(axisText)"
  }
}
