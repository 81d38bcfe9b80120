package import OctetGraph
package import OctetTensor

/// Elements picked by index along one axis: y[…, i, …] = x[…, indices[…, i, …], …]  (opset6).
///
/// Negative indices count from the end; one outside the axis gives 0.
package struct GatherElements: Movement {
  package static let name = "GatherElements"
  package let axis: Int

  package init(axis: Int) { self.axis = axis }

  package var attributes: String { "axis \(axis)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    try operands.expectMovable(of: Self.name)
    try operands.expectIndices(at: 1, of: Self.name)
    let (data, indices) = (operands[0].shape, operands[1].shape)
    let axis = try Axis.normalized(axis, rank: data.rank, of: Self.name)
    guard indices.rank == data.rank else {
      throw .mismatch("indices of GatherElements", expected: "rank \(data.rank)", found: "\(indices)")
    }
    for other in 0..<data.rank where other != axis {
      if let own = data[other].fixedExtent, !indices[other].accepts(own) {
        throw .mismatch("indices of GatherElements", expected: "\(data) but for axis \(axis)", found: "\(indices)")
      }
    }
    return [operands[0].type.with(shape: indices)]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let (data, shape) = (operands[0].shape, operands[1].shape)
    let axis = try Axis.normalized(axis, rank: data.rank, of: Self.name)
    var places: [Int] = []
    var sources: [Int] = []
    for (place, given) in operands[1].doubles.enumerated() {
      let index = given < 0 ? given + Double(data[axis]) : given
      guard index >= 0, index < Double(data[axis]) else { continue }
      var coordinates = shape.coordinates(of: place)
      coordinates[axis] = Int(index)
      places.append(place)
      sources.append(data.index(of: coordinates))
    }
    return [Tensor(operands[0].elementType, shape).replacing(places, by: sources, of: operands[0])]
  }

  /// Zeros stand for indices that are out of range.
  package func carry(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]? {
    following(incoming, operands, insertsZeros: true)
  }
}
