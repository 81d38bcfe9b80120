package import OctetGraph
package import OctetTensor

/// x stretched to a target shape  (opset1, opset3).
///
///     numpy:          shapes are aligned at the end, extents of 1 stretch to the target
///     bidirectional:  the same, and the target stretches to x as well
///     explicit:       axis k of x is axis mapping[k] of the target
///
/// Operands: x, the target shape and, for `explicit`, the mapping.
package struct Broadcast: Movement {
  package enum Mode: String, CaseIterable, Sendable {
    case numPy = "numpy"
    case bidirectional, explicit
  }

  package static let name = "Broadcast"
  package let mode: Mode

  package init(mode: Mode) { self.mode = mode }

  package var attributes: String { mode.rawValue }

  /// The operand with the rank of the result, and the result.
  private func shapes(_ operands: [Operand]) throws(OperatorError) -> (source: PartialShape, result: PartialShape) {
    try operands.expect(mode == .explicit ? 3...3 : 2...3, of: Self.name)
    try operands.expectMovable(of: Self.name)
    let given = try operands.requiredIntegers(at: 1, "target shape of Broadcast")
    guard let target = Shape(given) else {
      throw .mismatch("target shape of Broadcast", expected: "extents of a tensor", found: "\(given)")
    }
    let source = try mode == .explicit ? mapped(operands, target) : operands[0].shape
    let result = try Broadcasting.shape(source, PartialShape(target))
    guard mode == .bidirectional || result.rank == target.rank,
      mode == .bidirectional || zip(result.dimensions, target.extents).allSatisfy({ $0.accepts($1) })
    else {
      throw .mismatch("operand of Broadcast", expected: "extents of \(target) or 1", found: "\(operands[0].shape)")
    }
    // What is open must turn out to fit.
    return (source, mode == .bidirectional ? result : PartialShape(target))
  }

  private func mapped(_ operands: [Operand], _ target: Shape) throws(OperatorError) -> PartialShape {
    let mapping = try operands.requiredIntegers(at: 2, "axes of Broadcast")
    guard mapping.count == operands[0].shape.rank, mapping.allSatisfy(target.extents.indices.contains),
      zip(mapping, mapping.dropFirst()).allSatisfy({ $0 < $1 })
    else {
      throw .mismatch(
        "axes of Broadcast", expected: "\(operands[0].shape.rank) ascending axes of \(target)", found: "\(mapping)")
    }
    var dimensions = [Dimension](repeating: 1, count: target.rank)
    for (own, axis) in mapping.enumerated() { dimensions[axis] = operands[0].shape[own] }
    return PartialShape(dimensions)
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    guard operands.know(1, 2) else {
      try operands.expect(mode == .explicit ? 3...3 : 2...3, of: Self.name)
      try operands.expectMovable(of: Self.name)
      let target = try operands.valueCount(at: 1, "target shape of Broadcast")
      let rank = mode == .bidirectional ? max(target, operands[0].shape.rank) : target
      return [operands[0].type.with(shape: .open(rank: rank))]
    }
    let shape = try shapes(operands).result
    return [operands[0].type.with(shape: shape)]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let (source, result) = try shapes(operands.known)
    guard let own = source.fixed, let shape = result.fixed else { throw OperatorError("the result has no fixed shape") }
    if shape.elementCount == 0 { return [Tensor(operands[0].elementType, shape)] }
    return [operands[0].gathering(Broadcasting.indices(of: own, in: shape), shape: shape)]
  }
}
