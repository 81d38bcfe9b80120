package import OctetGraph
package import OctetTensor

/// Cuts a tensor into parts along one axis; operands x, the axis and the lengths, one of which may be −1: the rest  (opset1).
package struct VariadicSplit: Movement {
  package static let name = "VariadicSplit"

  package init() {}

  private func axis(_ operands: [Operand]) throws(OperatorError) -> Int {
    try operands.expect(3, of: Self.name)
    try operands.expectMovable(of: Self.name)
    let axis = try operands.requiredInteger(at: 1, "axis of VariadicSplit")
    return try Axis.normalized(axis, rank: operands[0].shape.rank, of: Self.name)
  }

  /// The lengths as they are given, checked as far as the extent is known; nil stands for the rest of an open extent.
  private func lengths(_ operands: [Operand], axis: Int) throws(OperatorError) -> [Int?] {
    guard operands.know(2) else {
      return [Int?](repeating: nil, count: try operands.valueCount(at: 2, "lengths of VariadicSplit"))
    }
    let given = try operands.requiredIntegers(at: 2, "lengths of VariadicSplit")
    guard given.allSatisfy({ $0 >= -1 }), given.count(where: { $0 == -1 }) <= 1, !given.isEmpty else {
      throw .mismatch("lengths of VariadicSplit", expected: "extents and at most one −1", found: "\(given)")
    }
    var sum = 0
    for length in given where length > 0 { sum = try Extent.sum(sum, length, of: Self.name) }
    guard let extent = operands[0].shape[axis].fixedExtent else { return given.map { $0 == -1 ? nil : $0 } }
    guard given.contains(-1) ? sum <= extent : sum == extent else {
      throw .mismatch("lengths of VariadicSplit", expected: "a sum of \(extent)", found: "\(given)")
    }
    return given.map { $0 == -1 ? extent - sum : $0 }
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let axis = try axis(operands)
    return try lengths(operands, axis: axis).map { length in
      var dimensions = operands[0].shape.dimensions
      dimensions[axis] = length.map(Dimension.fixed) ?? .dynamic
      return operands[0].type.with(shape: PartialShape(dimensions))
    }
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let axis = try axis(operands.known)
    var begin = 0
    return try lengths(operands.known, axis: axis).map { length in
      let part = Array(begin..<begin + (length ?? 0))
      begin += part.count
      return operands[0].selecting(part, alongAxis: axis)
    }
  }
}
