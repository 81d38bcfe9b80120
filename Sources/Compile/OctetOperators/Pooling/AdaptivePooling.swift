import OctetGraph
import OctetTensor

/// What AdaptiveAvgPool and AdaptiveMaxPool share: results of a given size, whatever the size of the image.
///
///     along each axis result i pools the pixels ⌊i·n/m⌋ … ⌈(i+1)·n/m⌉ − 1 of n, for m results
enum AdaptivePooling {
  static func resultShape(_ operands: [Operand], of name: String) throws(OperatorError) -> PartialShape {
    try operands.expect(2, of: name)
    let source = operands[0].shape
    guard operands[0].elementType.isFloatingPoint, (3...5).contains(source.rank) else {
      throw .mismatch(
        "operand of \(name)", expected: "floating point [N, C, …] of rank 3 to 5", found: "\(operands[0].type)")
    }
    guard let sizes = try operands.integers(at: 1, "output size of \(name)") else {
      let open = PartialShape.open(rank: source.rank - 2).dimensions
      return PartialShape(source.dimensions[..<2] + open)
    }
    guard sizes.count == source.rank - 2, sizes.allSatisfy({ (1...1 << 24).contains($0) }) else {
      throw .mismatch("output size of \(name)", expected: "\(source.rank - 2) extents", found: "\(sizes)")
    }
    for extent in source.dimensions[2...].compactMap(\.fixedExtent) where extent == 0 || extent > 1 << 24 {
      throw .mismatch("operand of \(name)", expected: "1 to \(1 << 24) pixels along an axis", found: "\(source)")
    }
    return PartialShape(source.dimensions[..<2] + sizes.map(Dimension.fixed))
  }

  /// For each pixel of a result image, the pixels of the source image that it pools, ascending.
  static func windows(_ source: ArraySlice<Int>, _ result: ArraySlice<Int>) -> [[Int]] {
    var windows = [[0]]
    for (extent, count) in zip(source, result) {
      let bins = (0..<count).map { $0 * extent / count..<(($0 + 1) * extent + count - 1) / count }
      windows = windows.flatMap { outer in bins.map { bin in outer.flatMap { base in bin.map { base * extent + $0 } } }
      }
    }
    return windows
  }
}
