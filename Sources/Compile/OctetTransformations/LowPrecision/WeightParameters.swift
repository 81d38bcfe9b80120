import OctetGraph
import OctetTensor

/// Scales and zero points of constant weights, when they vary along leading axes only.
struct WeightParameters {
  let dequantization: Dequantization

  /// Fails when a scale varies along an axis that kernels sum over, or the shapes do not fit.
  init?(_ shape: Shape, scales: Tensor, zeroPoints: Tensor?) {
    guard let axes = Self.axes([scales.shape] + (zeroPoints.map { [$0.shape] } ?? []), in: shape) else { return nil }
    let count = shape.count(in: axes)
    guard let allScales = Self.expanded(scales, count), let allZeroPoints = Self.expanded(zeroPoints, count) else {
      return nil
    }
    dequantization = Dequantization(scales: allScales, zeroPoints: allZeroPoints, axes: axes)
  }

  /// The shortest run of axes outside which every shape has extent 1.
  static func axes(_ shapes: [Shape], in weights: Shape) -> Range<Int>? {
    var varying: Set<Int> = []
    for shape in shapes where shape.elementCount != 1 {
      guard shape.rank <= weights.rank else { return nil }
      let offset = weights.rank - shape.rank
      for axis in 0..<shape.rank where shape[axis] != 1 {
        guard shape[axis] == weights[axis + offset] else { return nil }
        varying.insert(axis + offset)
      }
    }
    guard let first = varying.min(), let last = varying.max() else { return 0..<1 }
    // [G, O, 1, …] with one output per group varies along axis 0 alone, but belongs to both.
    return first..<(last + 1)
  }

  private static func expanded(_ tensor: Tensor?, _ count: Int) -> [Double]? {
    guard let tensor else { return [Double](repeating: 0, count: count) }
    if tensor.elementCount == 1 { return [Double](repeating: tensor.doubles[0], count: count) }
    return tensor.elementCount == count ? tensor.doubles : nil
  }
}
