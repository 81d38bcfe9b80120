package import OctetGraph

/// Axes count from the front, or from the back when negative.
package enum Axis {
  package static func normalized(_ axis: Int, rank: Int, of name: String) throws(OperatorError) -> Int {
    guard axis >= -rank, axis < rank else {
      throw .mismatch("axis of \(name)", expected: "\(-rank)…\(rank - 1)", found: "\(axis)")
    }
    return axis < 0 ? axis + rank : axis
  }

  package static func normalized(_ axes: [Int], rank: Int, of name: String) throws(OperatorError) -> [Int] {
    var normalized: [Int] = []
    for axis in axes { normalized.append(try self.normalized(axis, rank: rank, of: name)) }
    return normalized
  }
}
