package import OctetGraph
package import OctetTensor

/// Slices of x along one axis, picked by index  (opset1, opset7, opset8).
///
///     y[b…, o…, i…, r…] = x[b…, o…, indices[b…, i…], r…]
///
/// Operands: x, indices and the axis. The first `batchAxes` axes b of x and of the indices go together. An index outside
/// the axis gives 0; from opset8 on negative ones count from the end.
package struct Gather: Movement {
  package static let name = "Gather"
  package let batchAxes: Int
  package let wrapsNegatives: Bool

  package init(batchAxes: Int, wrapsNegatives: Bool) {
    self.batchAxes = batchAxes
    self.wrapsNegatives = wrapsNegatives
  }

  package var attributes: String { batchAxes == 0 ? "" : "batchAxes \(batchAxes)" }

  /// The axis and the number of axes in common, from the front.
  func axes(_ operands: [Operand]) throws(OperatorError) -> (axis: Int, batch: Int) {
    try operands.expect(3, of: Self.name)
    try operands.expectMovable(of: Self.name)
    try operands.expectIndices(at: 1, of: Self.name)
    let (data, indices) = (operands[0].shape, operands[1].shape)
    let given = try operands.requiredInteger(at: 2, "axis of Gather")
    let axis = try Axis.normalized(given, rank: data.rank, of: Self.name)
    guard (-indices.rank...indices.rank).contains(batchAxes) else {
      throw .mismatch("batch_dims of Gather", expected: "\(-indices.rank)…\(indices.rank)", found: "\(batchAxes)")
    }
    let batch = batchAxes < 0 ? batchAxes + indices.rank : batchAxes
    guard batch <= axis else {
      throw .mismatch("batch_dims of Gather", expected: "at most the axis \(axis)", found: "\(batch)")
    }
    for shared in 0..<batch {
      if let own = data[shared].fixedExtent, !indices[shared].accepts(own) {
        throw .mismatch("indices of Gather", expected: "extent \(own) of axis \(shared)", found: "\(indices)")
      }
    }
    return (axis, batch)
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let (axis, batch) = try axes(operands)
    let data = operands[0].shape.dimensions
    let dimensions = data[..<axis] + operands[1].shape.dimensions[batch...] + data[(axis + 1)...]
    return [operands[0].type.with(shape: PartialShape(Array(dimensions)))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let (axis, batch) = try axes(operands.known)
    let data = operands[0].shape
    let extent = data[axis]
    let indices = operands[1].doubles.map { wrapsNegatives && $0 < 0 ? $0 + Double(extent) : $0 }
    let inner = data.count(in: axis + 1..<data.rank)
    let outer = data.count(in: batch..<axis)
    let perBatch = operands[1].shape.count(in: batch..<operands[1].shape.rank)
    var places: [Int] = []
    var sources: [Int] = []
    for row in 0..<(data.count(in: 0..<batch) * outer) {
      for position in 0..<perBatch {
        let index = indices[row / outer * perBatch + position]
        guard index >= 0, index < Double(extent) else { continue }
        let (place, source) = ((row * perBatch + position) * inner, (row * extent + Int(index)) * inner)
        places.append(contentsOf: place..<place + inner)
        sources.append(contentsOf: source..<source + inner)
      }
    }
    return [Tensor(operands[0].elementType, shape).replacing(places, by: sources, of: operands[0])]
  }

  /// Zeros stand for indices that are out of range.
  package func carry(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]? {
    following(incoming, operands, insertsZeros: true)
  }
}
