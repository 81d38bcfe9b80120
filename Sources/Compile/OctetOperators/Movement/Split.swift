package import OctetGraph
package import OctetTensor

/// Cuts a tensor into equal parts along one axis; operands x and the axis  (opset1).
package struct Split: Movement {
  package static let name = "Split"
  package let count: Int

  package init(count: Int) throws(OperatorError) {
    guard (1...4096).contains(count) else {
      throw .mismatch("num_splits of Split", expected: "1 to 4096", found: "\(count)")
    }
    self.count = count
  }

  package var attributes: String { "count \(count)" }

  private func axis(_ operands: [Operand]) throws(OperatorError) -> Int {
    try operands.expect(2, of: Self.name)
    try operands.expectMovable(of: Self.name)
    let axis = try operands.requiredInteger(at: 1, "axis of Split")
    return try Axis.normalized(axis, rank: operands[0].shape.rank, of: Self.name)
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let axis = try axis(operands)
    let part = try operands[0].shape[axis].map { (extent) throws(OperatorError) in
      guard extent % count == 0 else {
        throw .mismatch("axis \(axis) of Split", expected: "a multiple of \(count)", found: "\(extent)")
      }
      return extent / count
    }
    var dimensions = operands[0].shape.dimensions
    dimensions[axis] = part
    return [TensorType](repeating: operands[0].type.with(shape: PartialShape(dimensions)), count: count)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let axis = try axis(operands.known)
    let length = operands[0].shape[axis] / count
    return (0..<count).map { operands[0].selecting(Array($0 * length..<($0 + 1) * length), alongAxis: axis) }
  }
}
