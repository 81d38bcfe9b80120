import OctetGraph
import OctetOperators
import OctetTensor

/// Scales and zero points of constant weights, when they vary along leading axes only.
struct WeightParameters {
  let dequantization: Dequantization

  /// Fails when a scale varies along an axis that kernels sum over, or the shapes do not fit.
  init?(_ shape: Shape, scales: Tensor, zeroPoints: Tensor?) {
    guard let axes = Self.axes([scales.shape] + (zeroPoints.map { [$0.shape] } ?? []), in: shape) else { return nil }
    let allScales = Self.expanded(scales, axes, shape)
    let allZeroPoints = zeroPoints.map { Self.expanded($0, axes, shape) } ?? allScales.map { _ in 0 }
    dequantization = Dequantization(scales: allScales, zeroPoints: allZeroPoints, axes: axes)
  }

  /// The shortest run of axes outside which every shape has extent 1.
  static func axes(_ shapes: [Shape], in weights: Shape) -> Range<Int>? {
    guard weights.rank > 0, weights.elementCount > 0 else { return nil }
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

  /// One value for every index of `axes`. Outside them the tensor has extent 1.
  static func expanded(_ tensor: Tensor, _ axes: Range<Int>, _ weights: Shape) -> [Double] {
    let values = tensor.doubles
    guard values.count != 1 else { return [Double](repeating: values[0], count: weights.count(in: axes)) }
    let aligned = [Int](repeating: 1, count: weights.rank - tensor.shape.rank) + tensor.shape.extents
    let own = Shape(valid: Array(aligned[axes])), all = Shape(valid: Array(weights.extents[axes]))
    return Broadcasting.indices(of: own, in: all).map { values[$0] }
  }
}
