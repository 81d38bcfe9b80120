/// The extents of a tensor, outermost first: [2, 3] is two rows of three.
package struct Shape: Hashable, Sendable {
  /// Tensors beyond this many elements are refused: 2⁴⁰ is far above any real one and far below overflow.
  package static let maximumElementCount = 1 << 40

  package let extents: [Int]
  package let elementCount: Int

  /// Fails when an extent is negative or the element count exceeds `maximumElementCount`; it may not do so either if
  /// extents of 0 were 1, so that strides never overflow and nobody walks an endless axis of an empty tensor.
  package init?(_ extents: [Int]) {
    var count = 1
    for extent in extents {
      guard extent >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: max(extent, 1))
      guard !overflow, product <= Self.maximumElementCount else { return nil }
      count = product
    }
    self.extents = extents
    self.elementCount = extents.contains(0) ? 0 : count
  }

  /// For extents that are known to be valid: literals, and extents taken from another shape.
  package init(valid extents: [Int]) {
    guard let shape = Shape(extents) else { preconditionFailure("invalid shape \(extents)") }
    self = shape
  }

  package static let scalar = Shape(valid: [])

  package var rank: Int { extents.count }
  package subscript(axis: Int) -> Int { extents[axis] }

  /// Elements between neighbours along each axis, row-major.
  package var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * extents[axis + 1] }
    return strides
  }

  /// Product of the extents in `axes`.
  package func count(in axes: Range<Int>) -> Int { extents[axes].reduce(1, *) }
}

extension Shape: ExpressibleByArrayLiteral {
  package init(arrayLiteral extents: Int...) { self.init(valid: extents) }
}

extension Shape: CustomStringConvertible {
  package var description: String { "[" + extents.map(String.init).joined(separator: ", ") + "]" }
}
