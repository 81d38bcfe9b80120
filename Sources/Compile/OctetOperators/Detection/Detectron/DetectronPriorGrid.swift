package import OctetGraph
package import OctetTensor

/// Anchors moved to the middle of every cell of a feature map  (ExperimentalDetectronPriorGridGenerator, opset6).
///
/// Operands: anchors [A, 4], the feature map [N, C, H, W] and the image; of the last two only the extents matter.
package struct DetectronPriorGrid: Operator {
  package static let name = "DetectronPriorGrid"
  /// [H·W·A, 4] rather than [H, W, A, 4].
  package let isFlat: Bool
  /// Cells, and pixels between them; 0: as many as the feature map has, and the image's share.
  package let rows: Int
  package let columns: Int
  package let stepX: Double
  package let stepY: Double

  package init(isFlat: Bool, rows: Int, columns: Int, stepX: Double, stepY: Double) throws(OperatorError) {
    guard (0...1 << 20).contains(rows), (0...1 << 20).contains(columns) else {
      throw .mismatch("cells of \(Self.name)", expected: "0 to \(1 << 20)", found: "\(rows), \(columns)")
    }
    self.isFlat = isFlat
    self.rows = rows
    self.columns = columns
    self.stepX = stepX
    self.stepY = stepY
  }

  package var attributes: String { isFlat ? "flat" : "" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(3, of: Self.name)
    let anchors = operands[0].shape
    guard operands[0].elementType.isFloatingPoint, anchors.rank == 2, anchors[1].accepts(4),
      operands[1].shape.rank == 4, operands[2].shape.rank == 4
    else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "anchors [A, 4], a feature map and an image",
        found: operands.map { "\($0.type)" }.joined(separator: ", "))
    }
    let cells = [
      rows > 0 ? .fixed(rows) : operands[1].shape[2], columns > 0 ? .fixed(columns) : operands[1].shape[3], anchors[0],
    ]
    guard isFlat else { return [operands[0].type.with(shape: PartialShape(cells + [4]))] }
    let extents = cells.compactMap(\.fixedExtent)
    let count = extents.count == 3 ? Dimension.fixed(try Extent.product(extents, of: Self.name)) : .dynamic
    return [operands[0].type.with(shape: [count, 4])]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let rows = rows > 0 ? rows : operands[1].shape[2]
    let columns = columns > 0 ? columns : operands[1].shape[3]
    let y = stepY != 0 ? stepY : Double(operands[2].shape[2]) / Double(rows)
    let x = stepX != 0 ? stepX : Double(operands[2].shape[3]) / Double(columns)
    let anchors = operands[0].doubles
    var values: [Double] = []
    for row in 0..<rows {
      for column in 0..<columns {
        let centre = [x * (Double(column) + 0.5), y * (Double(row) + 0.5)]
        values += anchors.enumerated().map { $0.element + centre[$0.offset % 2] }
      }
    }
    return [Tensor(operands[0].elementType, shape, converting: values)]
  }
}
