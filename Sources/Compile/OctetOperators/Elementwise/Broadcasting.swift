package import OctetGraph
package import OctetTensor

/// NumPy's rule: shapes are aligned at the end, and extents of 1 stretch.
package enum Broadcasting {
  package static func shape(_ a: PartialShape, _ b: PartialShape) throws(OperatorError) -> PartialShape {
    let rank = max(a.rank, b.rank)
    var dimensions: [Dimension] = []
    for axis in 0..<rank {
      let left = axis >= rank - a.rank ? a[axis - (rank - a.rank)] : 1
      let right = axis >= rank - b.rank ? b[axis - (rank - b.rank)] : 1
      dimensions.append(try dimension(left, right, a, b))
    }
    return PartialShape(dimensions)
  }

  private static func dimension(
    _ left: Dimension, _ right: Dimension, _ a: PartialShape, _ b: PartialShape
  ) throws(OperatorError) -> Dimension {
    switch (left.fixedExtent, right.fixedExtent) {
    case (let l?, let r?):
      guard l == r || l == 1 || r == 1 else {
        throw .mismatch("shapes", expected: "extents that are equal or 1", found: "\(a) and \(b)")
      }
      return .fixed(l == 1 ? r : l)
    // A fixed extent above 1 decides; the open one must turn out equal or 1.
    case (let l?, nil): return l == 1 ? right : left
    case (nil, let r?): return r == 1 ? left : right
    case (nil, nil): return left == right ? left : .dynamic
    }
  }

  /// For each element of `result`, the element of `source` that it reads.
  package static func indices(of source: Shape, in result: Shape) -> [Int] {
    var indices = [0]
    let offset = result.rank - source.rank
    let strides = source.strides
    for axis in 0..<result.rank {
      let stride = axis < offset || source[axis - offset] == 1 ? 0 : strides[axis - offset]
      let extent = result[axis]
      var next: [Int] = []
      next.reserveCapacity(indices.count * extent)
      for index in indices { for step in 0..<extent { next.append(index + step * stride) } }
      indices = next
    }
    return indices
  }

  /// Whether a constant of this shape holds one value, or one per index of `channelAxis`, when broadcast to `result`.
  /// Returns those values.
  package static func perChannel(_ constant: Tensor, to result: PartialShape, channelAxis: Int) -> [Double]? {
    if constant.elementCount == 1 { return constant.shape.rank <= result.rank ? constant.doubles : nil }
    let offset = result.rank - constant.shape.rank
    guard offset >= 0, channelAxis >= offset, channelAxis < result.rank else { return nil }
    let extent = constant.shape[channelAxis - offset]
    guard extent == constant.elementCount, result[channelAxis].fixedExtent == extent else { return nil }
    return constant.doubles
  }
}
