package import OctetGraph
package import OctetTensor

/// Slices of x picked by coordinates: y[b…, i…, r…] = x[b…, indices[b…, i…, :]…, r…]  (opset5, opset8).
///
/// The last axis of the indices holds coordinates; the first `batchAxes` axes b of both go together. Negative coordinates
/// count from the end; coordinates outside x give 0. `joinsBatchAxes`, as opset5 has it, makes one axis of all b.
package struct GatherND: Movement {
  package static let name = "GatherND"
  package let batchAxes: Int
  package let joinsBatchAxes: Bool

  package init(batchAxes: Int, joinsBatchAxes: Bool) throws(OperatorError) {
    guard batchAxes >= 0 else {
      throw .mismatch("batch_dims of GatherND", expected: "0 or more", found: "\(batchAxes)")
    }
    self.batchAxes = batchAxes
    self.joinsBatchAxes = joinsBatchAxes
  }

  package var attributes: String { batchAxes == 0 ? "" : "batchAxes \(batchAxes)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    try operands.expectMovable(of: Self.name)
    try operands.expectIndices(at: 1, of: Self.name)
    let (data, indices) = (operands[0].shape.dimensions, operands[1].shape.dimensions)
    guard batchAxes < indices.count, batchAxes <= data.count else {
      throw .mismatch("batch_dims of GatherND", expected: "fewer than the axes of the indices", found: "\(batchAxes)")
    }
    guard let length = indices.last?.fixedExtent, length >= 1, batchAxes + length <= data.count else {
      throw .mismatch(
        "last axis of the indices of GatherND", expected: "1 to \(data.count - batchAxes) coordinates",
        found: "\(operands[1].shape)")
    }
    for axis in 0..<batchAxes {
      if let own = data[axis].fixedExtent, !indices[axis].accepts(own) {
        throw .mismatch("indices of GatherND", expected: "extent \(own) of axis \(axis)", found: "\(operands[1].shape)")
      }
    }
    var batch = Array(indices[..<batchAxes])
    if joinsBatchAxes, batchAxes > 1 {
      let extents = batch.compactMap(\.fixedExtent)
      batch = [extents.count == batchAxes ? .fixed(try Extent.product(extents, of: Self.name)) : .dynamic]
    }
    let dimensions = batch + indices[batchAxes..<indices.count - 1] + data[(batchAxes + length)...]
    return [operands[0].type.with(shape: PartialShape(Array(dimensions)))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let (data, indices) = (operands[0].shape, operands[1].shape)
    let length = indices[indices.rank - 1]
    let inner = data.count(in: batchAxes + length..<data.rank)
    let window = Shape(valid: Array(data.extents[batchAxes..<batchAxes + length]))
    let perBatch = indices.count(in: batchAxes..<indices.rank - 1)
    let coordinates = operands[1].doubles
    var places: [Int] = []
    var sources: [Int] = []
    for position in 0..<(data.count(in: 0..<batchAxes) * perBatch) {
      let own = coordinates[position * length..<(position + 1) * length]
      guard let index = window.index(ofWrapped: own) else { continue }
      let (place, source) = (position * inner, (position / perBatch * window.elementCount + index) * inner)
      places.append(contentsOf: place..<place + inner)
      sources.append(contentsOf: source..<source + inner)
    }
    return [Tensor(operands[0].elementType, shape).replacing(places, by: sources, of: operands[0])]
  }

  /// Zeros stand for coordinates that are out of range.
  package func carry(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]? {
    following(incoming, operands, insertsZeros: true)
  }
}

extension Shape {
  /// The row-major index of coordinates of which negative ones count from the end; nil outside of the shape.
  func index(ofWrapped coordinates: some Collection<Double>) -> Int? {
    var index = 0
    for (coordinate, extent) in zip(coordinates, extents) {
      let wrapped = coordinate < 0 ? coordinate + Double(extent) : coordinate
      guard wrapped >= 0, wrapped < Double(extent) else { return nil }
      index = index * extent + Int(wrapped)
    }
    return index
  }
}
