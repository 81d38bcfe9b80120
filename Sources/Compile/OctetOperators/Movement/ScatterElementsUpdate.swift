package import OctetGraph
package import OctetTensor

/// x with elements replaced or combined: y[…, indices[…, i, …], …] = updates[…, i, …]  (opset3, opset12).
///
/// Operands: x, indices, updates and the axis. Negative indices count from the end; one outside the axis is ignored.
package struct ScatterElementsUpdate: Operator {
  package static let name = "ScatterElementsUpdate"
  package let reduction: ScatterReduction
  /// Whether the value that x has takes part in a reduction.
  package let usesInitial: Bool

  package init(reduction: ScatterReduction = .replace, usesInitial: Bool = true) {
    self.reduction = reduction
    self.usesInitial = usesInitial
  }

  package var attributes: String {
    reduction == .replace ? "" : reduction.rawValue + (usesInitial ? "" : " of updates alone")
  }

  func axis(_ operands: [Operand]) throws(OperatorError) -> Int {
    let given = try operands.requiredInteger(at: 3, "axis of ScatterElementsUpdate")
    return try Axis.normalized(given, rank: operands[0].shape.rank, of: Self.name)
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(4, of: Self.name)
    try operands.expectMovable(of: Self.name)
    try operands.expectIndices(at: 1, of: Self.name)
    _ = try axis(operands)
    guard operands[1].shape.rank == operands[0].shape.rank else {
      throw .mismatch(
        "indices of ScatterElementsUpdate", expected: "rank \(operands[0].shape.rank)", found: "\(operands[1].shape)")
    }
    for (own, other) in zip(operands[0].shape.dimensions, operands[1].shape.dimensions) {
      guard let extent = own.fixedExtent, let count = other.fixedExtent, count > extent else { continue }
      throw .mismatch(
        "indices of ScatterElementsUpdate", expected: "extents of at most \(operands[0].shape)",
        found: "\(operands[1].shape)")
    }
    guard operands[2].elementType == operands[0].elementType, operands[2].shape.isCompatible(with: operands[1].shape)
    else {
      throw .mismatch(
        "updates of ScatterElementsUpdate", expected: "\(operands[0].elementType)\(operands[1].shape)",
        found: "\(operands[2].type)")
    }
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let axis = try axis(operands.known)
    let (data, shape) = (operands[0].shape, operands[1].shape)
    guard zip(shape.extents, data.extents).enumerated().allSatisfy({ $0 == axis || $1.0 <= $1.1 }) else {
      throw .mismatch("indices of ScatterElementsUpdate", expected: "extents of at most \(data)", found: "\(shape)")
    }
    var places: [Int] = []
    var sources: [Int] = []
    for (source, given) in operands[1].doubles.enumerated() {
      let index = given < 0 ? given + Double(data[axis]) : given
      guard index >= 0, index < Double(data[axis]) else { continue }
      var coordinates = shape.coordinates(of: source)
      coordinates[axis] = Int(index)
      places.append(data.index(of: coordinates))
      sources.append(source)
    }
    return [
      operands[0].scattering(places, from: sources, of: operands[2], reduction, usesInitial: usesInitial)
    ]
  }
}
