package import OctetGraph
package import OctetTensor

/// The first `lengths[b]` elements of each sequence b back to front: y[b, s] = x[b, lengths[b] − 1 − s]  (opset1).
package struct ReverseSequence: Movement {
  package static let name = "ReverseSequence"
  package let batchAxis: Int
  package let sequenceAxis: Int

  package init(batchAxis: Int, sequenceAxis: Int) {
    self.batchAxis = batchAxis
    self.sequenceAxis = sequenceAxis
  }

  package var attributes: String { "batch \(batchAxis) sequence \(sequenceAxis)" }

  func axes(_ rank: Int) throws(OperatorError) -> (batch: Int, sequence: Int) {
    let batch = try Axis.normalized(batchAxis, rank: rank, of: Self.name)
    let sequence = try Axis.normalized(sequenceAxis, rank: rank, of: Self.name)
    guard batch != sequence else {
      throw .mismatch("axes of ReverseSequence", expected: "different ones", found: "\(batch) twice")
    }
    return (batch, sequence)
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    try operands.expectMovable(of: Self.name)
    let axes = try axes(operands[0].shape.rank)
    let expected = PartialShape([operands[0].shape[axes.batch]])
    guard operands[1].shape.isCompatible(with: expected) else {
      throw .mismatch("lengths of ReverseSequence", expected: "\(expected)", found: "\(operands[1].shape)")
    }
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = operands[0].shape
    let (batch, sequence) = try axes(shape.rank)
    // Lengths may come with the request: what is longer than the axis means all of it.
    let lengths = operands[1].doubles.map { Int(max(0, min($0, Double(shape[sequence])))) }
    let indices = (0..<shape.elementCount).map { index in
      var coordinates = shape.coordinates(of: index)
      let length = lengths[coordinates[batch]]
      if coordinates[sequence] < length { coordinates[sequence] = length - 1 - coordinates[sequence] }
      return shape.index(of: coordinates)
    }
    return [operands[0].gathering(indices, shape: shape)]
  }
}
