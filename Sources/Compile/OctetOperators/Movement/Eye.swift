package import OctetGraph
package import OctetTensor

/// Ones on a diagonal of matrices, zeros elsewhere; operands rows, columns, which diagonal, and a batch shape  (opset9).
package struct Eye: Operator {
  package static let name = "Eye"
  package let outputType: ElementType

  package init(outputType: ElementType) throws(OperatorError) {
    guard outputType.isByteAddressable else {
      throw .mismatch("output type of Eye", expected: "a type of 8 bits or more", found: "\(outputType)")
    }
    self.outputType = outputType
  }

  package var attributes: String { "\(outputType)" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(3...4, of: Self.name)
    for index in operands.indices { try operands.expectIndices(at: index, of: Self.name) }
    let batch = operands.count == 4 ? try operands.valueCount(at: 3, "batch shape of Eye") : 0
    guard operands.know(0, 1, 3) else { return [TensorType(outputType, .open(rank: batch + 2))] }
    let extents =
      try (operands.count == 4 ? operands.requiredIntegers(at: 3, "batch shape of Eye") : []) + [
        operands.requiredInteger(at: 0, "rows of Eye"), operands.requiredInteger(at: 1, "columns of Eye"),
      ]
    guard let shape = Shape(extents) else {
      throw .mismatch("shape of Eye", expected: "extents of a tensor", found: "\(extents)")
    }
    return [TensorType(outputType, shape)]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let (rows, columns) = (shape[shape.rank - 2], shape[shape.rank - 1])
    let diagonal = operands[2].doubles.first ?? 0
    let values = (0..<shape.elementCount).map { index -> Double in
      let (row, column) = (index / max(columns, 1) % max(rows, 1), index % max(columns, 1))
      return Double(column) - Double(row) == diagonal ? 1 : 0
    }
    return [Tensor(outputType, shape, converting: values)]
  }
}
