package import OctetGraph
package import OctetTensor

/// x with whole slices replaced: y[…, indices[i…], …] = updates[…, i…, …]  (opset3).
///
/// Operands: x, indices, updates and the axis. Negative indices count from the end; one outside the axis is ignored.
package struct ScatterUpdate: Operator {
  package static let name = "ScatterUpdate"

  package init() {}

  func axis(_ operands: [Operand]) throws(OperatorError) -> Int {
    let given = try operands.requiredInteger(at: 3, "axis of ScatterUpdate")
    return try Axis.normalized(given, rank: operands[0].shape.rank, of: Self.name)
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(4, of: Self.name)
    try operands.expectMovable(of: Self.name)
    try operands.expectIndices(at: 1, of: Self.name)
    let axis = try axis(operands)
    let data = operands[0].shape.dimensions
    let expected = PartialShape(data[..<axis] + operands[1].shape.dimensions + data[(axis + 1)...])
    guard operands[2].elementType == operands[0].elementType, operands[2].shape.isCompatible(with: expected) else {
      throw .mismatch(
        "updates of ScatterUpdate", expected: "\(operands[0].elementType)\(expected)", found: "\(operands[2].type)")
    }
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let axis = try axis(operands.known)
    let data = operands[0].shape
    let extent = data[axis]
    let inner = data.count(in: axis + 1..<data.rank)
    let indices = operands[1].doubles.map { $0 < 0 ? $0 + Double(extent) : $0 }
    var places: [Int] = []
    var sources: [Int] = []
    for outer in 0..<data.count(in: 0..<axis) {
      for (position, index) in indices.enumerated() where index >= 0 && index < Double(extent) {
        let place = (outer * extent + Int(index)) * inner
        let source = (outer * indices.count + position) * inner
        places.append(contentsOf: place..<place + inner)
        sources.append(contentsOf: source..<source + inner)
      }
    }
    return [operands[0].replacing(places, by: sources, of: operands[2])]
  }
}

extension PartialShape {
  /// Whether some shape is of both.
  func isCompatible(with other: PartialShape) -> Bool {
    rank == other.rank
      && zip(dimensions, other.dimensions).allSatisfy { own, theirs in
        switch (own.fixedExtent, theirs.fixedExtent) {
        case (let extent?, _): theirs.accepts(extent)
        case (nil, let extent?): own.accepts(extent)
        case (nil, nil): true
        }
      }
  }
}
