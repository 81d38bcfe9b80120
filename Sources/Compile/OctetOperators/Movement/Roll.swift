package import OctetGraph
package import OctetRuntime
package import OctetTensor

/// Shifts x around along some axes: y[i] = x[(i − shift) mod extent]; operands x, shifts and axes  (opset7).
package struct Roll: Movement {
  package static let name = "Roll"

  package init() {}

  /// The shifts of each axis: an axis may be named more than once.
  private func shifts(_ operands: [Operand]) throws(OperatorError) -> [Int: [Int]] {
    try operands.expect(3, of: Self.name)
    try operands.expectMovable(of: Self.name)
    let given = try operands.requiredIntegers(at: 1, "shifts of Roll")
    let axes = try Axis.normalized(
      try operands.requiredIntegers(at: 2, "axes of Roll"), rank: operands[0].shape.rank, of: Self.name)
    guard given.count == axes.count || given.count == 1 else {
      throw .mismatch("shifts of Roll", expected: "one for each of \(axes.count) axes", found: "\(given.count)")
    }
    var shifts: [Int: [Int]] = [:]
    for (index, axis) in axes.enumerated() { shifts[axis, default: []].append(given[given.count == 1 ? 0 : index]) }
    return shifts
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    _ = try shifts(operands)
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    [operands[0].selecting(try selection(operands.known, operands[0].shape))]
  }

  /// For each axis, the positions that it shows.
  func selection(_ operands: [Operand], _ shape: Shape) throws(OperatorError) -> [[Int]] {
    let shifts = try shifts(operands)
    return shape.extents.enumerated().map { axis, extent in
      guard extent > 0 else { return [Int]() }
      // Each shift is reduced first: their sum might overflow.
      let total = (shifts[axis] ?? []).reduce(0) { ($0 + $1 % extent) % extent }
      return (0..<extent).map { ($0 - total + extent) % extent }
    }
  }

  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    try lowerSelection(site, selection)
  }
}
