package import OctetGraph
package import OctetTensor

/// x with slices replaced or combined: y[indices[i…, :]…, r…] = updates[i…, r…]  (opset3, opset15).
///
/// Operands: x, indices and updates. Negative coordinates count from the end; coordinates outside x are ignored.
package struct ScatterNDUpdate: Operator {
  package static let name = "ScatterNDUpdate"
  package let reduction: ScatterReduction

  package init(reduction: ScatterReduction = .replace) throws(OperatorError) {
    guard reduction != .mean else {
      throw .mismatch("reduction of ScatterNDUpdate", expected: "none, sum, prod, min or max", found: "mean")
    }
    self.reduction = reduction
  }

  package var attributes: String { reduction == .replace ? "" : reduction.rawValue }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(3, of: Self.name)
    try operands.expectMovable(of: Self.name)
    try operands.expectIndices(at: 1, of: Self.name)
    let (data, indices) = (operands[0].shape.dimensions, operands[1].shape.dimensions)
    guard let length = indices.last?.fixedExtent, length >= 1, length <= data.count else {
      throw .mismatch(
        "last axis of the indices of ScatterNDUpdate", expected: "1 to \(data.count) coordinates",
        found: "\(operands[1].shape)")
    }
    let expected = PartialShape(Array(indices.dropLast() + data[length...]))
    guard operands[2].elementType == operands[0].elementType, operands[2].shape.isCompatible(with: expected) else {
      throw .mismatch(
        "updates of ScatterNDUpdate", expected: "\(operands[0].elementType)\(expected)", found: "\(operands[2].type)")
    }
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let (data, indices) = (operands[0].shape, operands[1].shape)
    let length = indices[indices.rank - 1]
    let inner = data.count(in: length..<data.rank)
    let window = Shape(valid: Array(data.extents[..<length]))
    let coordinates = operands[1].doubles
    var places: [Int] = []
    var sources: [Int] = []
    for position in 0..<indices.count(in: 0..<indices.rank - 1) {
      guard let index = window.index(ofWrapped: coordinates[position * length..<(position + 1) * length]) else {
        continue
      }
      places.append(contentsOf: index * inner..<(index + 1) * inner)
      sources.append(contentsOf: position * inner..<(position + 1) * inner)
    }
    return [operands[0].scattering(places, from: sources, of: operands[2], reduction, usesInitial: true)]
  }
}
