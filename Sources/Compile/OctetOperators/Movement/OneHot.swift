package import OctetGraph
package import OctetTensor

/// y[…, k, …] = on where k = indices[…], else off; the new axis has extent depth  (opset1, opset16).
///
/// Operands: indices, depth, on and off. An index outside the axis gives a row of off, but negative ones may
/// count from the end.
package struct OneHot: Operator {
  package static let name = "OneHot"
  package let axis: Int
  package let countsFromEnd: Bool

  package init(axis: Int, countsFromEnd: Bool = false) {
    self.axis = axis
    self.countsFromEnd = countsFromEnd
  }

  package var attributes: String { "axis \(axis)" + (countsFromEnd ? " from the end" : "") }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(4, of: Self.name)
    try operands.expectMovable(2, of: Self.name)
    try operands.expectIndices(at: 0, of: Self.name)
    let depth = operands.know(1) ? try operands.requiredInteger(at: 1, "depth of OneHot") : nil
    if let depth, !(0...Shape.maximumElementCount).contains(depth) {
      throw .mismatch("depth of OneHot", expected: "0 to \(Shape.maximumElementCount)", found: "\(depth)")
    }
    guard operands[2].elementType == operands[3].elementType,
      operands[2...3].allSatisfy({ $0.shape.fixed?.elementCount == 1 })
    else {
      throw .mismatch(
        "values of OneHot", expected: "two single values of one type", found: "\(operands[2].type), \(operands[3].type)"
      )
    }
    var dimensions = operands[0].shape.dimensions
    dimensions.insert(
      depth.map(Dimension.fixed) ?? .dynamic, at: try Axis.normalized(axis, rank: dimensions.count + 1, of: Self.name))
    return [operands[2].type.with(shape: PartialShape(dimensions))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let axis = try Axis.normalized(axis, rank: shape.rank, of: Self.name)
    let source = operands[0].shape
    var places: [Int] = []
    let depth = Double(shape[axis])
    for (position, given) in operands[0].doubles.enumerated() {
      let index = countsFromEnd && given < 0 ? given + depth : given
      guard index >= 0, index < depth else { continue }
      var coordinates = source.coordinates(of: position)
      coordinates.insert(Int(index), at: axis)
      places.append(shape.index(of: coordinates))
    }
    let on = [Int](repeating: 0, count: places.count)
    return [operands[3].filling(shape).replacing(places, by: on, of: operands[2])]
  }
}
