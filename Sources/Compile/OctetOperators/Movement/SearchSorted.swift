package import OctetGraph
package import OctetTensor

/// Where values would have to be inserted into sorted rows to keep them sorted; operands rows and values  (opset15).
///
/// Rows and values agree in all axes but the last, or there is one row for all values.
package struct SearchSorted: Operator {
  package static let name = "SearchSorted"
  /// Behind equal elements rather than in front of them.
  package let goesRight: Bool
  package let outputType: ElementType

  package init(goesRight: Bool, outputType: ElementType) throws(OperatorError) {
    guard outputType == .i64 || outputType == .i32 else {
      throw .mismatch("output type of SearchSorted", expected: "i32 or i64", found: "\(outputType)")
    }
    self.goesRight = goesRight
    self.outputType = outputType
  }

  package var attributes: String { goesRight ? "right" : "left" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    let (rows, values) = (operands[0], operands[1])
    guard rows.elementType == values.elementType, rows.elementType != .string, rows.shape.rank > 0,
      rows.shape.rank == 1
        || values.shape.rank == rows.shape.rank
          && PartialShape(Array(rows.shape.dimensions.dropLast())).isCompatible(
            with: PartialShape(Array(values.shape.dimensions.dropLast())))
    else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "rows and values that agree in all axes but the last",
        found: "\(rows.type), \(values.type)")
    }
    return [values.type.with(elementType: outputType)]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let (rows, values) = (operands[0].doubles, operands[1].doubles)
    let length = operands[0].shape[operands[0].shape.rank - 1]
    let perRow = operands[0].shape.rank == 1 ? max(values.count, 1) : operands[1].shape[operands[1].shape.rank - 1]
    let places = values.enumerated().map { index, value -> Double in
      let row = rows[(index / perRow * length)...].prefix(length)
      var (low, high) = (row.startIndex, row.endIndex)
      while low < high {
        let middle = (low + high) / 2
        if goesRight ? row[middle] <= value : row[middle] < value { low = middle + 1 } else { high = middle }
      }
      return Double(low - row.startIndex)
    }
    return [Tensor(outputType, operands[1].shape, converting: places)]
  }
}
