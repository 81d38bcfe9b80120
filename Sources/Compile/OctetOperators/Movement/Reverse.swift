package import OctetGraph
package import OctetRuntime
package import OctetTensor

/// Some axes back to front; the second operand names them by index or has a truth value for each  (opset1).
package struct Reverse: Movement {
  package enum Mode: String, CaseIterable, Sendable {
    case index, mask
  }

  package static let name = "Reverse"
  package let mode: Mode

  package init(mode: Mode) { self.mode = mode }

  package var attributes: String { mode.rawValue }

  private func axes(_ operands: [Operand]) throws(OperatorError) -> [Int] {
    try operands.expect(2, of: Self.name)
    try operands.expectMovable(of: Self.name)
    let rank = operands[0].shape.rank
    let given = try operands.requiredIntegers(at: 1, "axes of Reverse")
    if mode == .index { return try Axis.normalized(given, rank: rank, of: Self.name) }
    guard given.count == rank else {
      throw .mismatch("mask of Reverse", expected: "\(rank) values", found: "\(given.count)")
    }
    return given.indices.filter { given[$0] != 0 }
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    _ = try axes(operands)
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    [operands[0].selecting(try selection(operands.known, operands[0].shape))]
  }

  /// For each axis, the positions that it shows.
  func selection(_ operands: [Operand], _ shape: Shape) throws(OperatorError) -> [[Int]] {
    let axes = try axes(operands)
    return shape.extents.enumerated().map { axis, extent in
      axes.contains(axis) ? Array((0..<extent).reversed()) : Array(0..<extent)
    }
  }

  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    try lowerSelection(site, selection)
  }
}
