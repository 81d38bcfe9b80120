package import OctetGraph
package import OctetTensor

/// Boxes of given sizes around every cell of a feature map, in parts of the image  (opset1).
///
///     centre = (cell + offset) · step,  box = (centre ± size/2) / image
///
/// Operands: the extents (height, width) of the feature map and of the image. The result [2, 4·boxes] holds corners, then
/// variances. Without steps a cell is its share of the image.
package struct PriorBoxClustered: Operator {
  package static let name = "PriorBoxClustered"
  package let widths: [Double]
  package let heights: [Double]
  /// Horizontal and vertical; 0 stands for image / feature map.
  package let steps: (x: Double, y: Double)
  package let offset: Double
  package let variances: [Double]
  package let isClipped: Bool

  package init(
    widths: [Double], heights: [Double], steps: (x: Double, y: Double), offset: Double, variances: [Double],
    isClipped: Bool
  ) throws(OperatorError) {
    guard widths.count == heights.count, !widths.isEmpty else {
      throw .mismatch("sizes of \(Self.name)", expected: "as many widths as heights", found: "\(widths), \(heights)")
    }
    self.widths = widths
    self.heights = heights
    self.steps = steps
    self.offset = offset
    self.variances = try PriorBoxes.checkedVariances(variances, of: Self.name)
    self.isClipped = isClipped
  }

  package static func == (a: PriorBoxClustered, b: PriorBoxClustered) -> Bool {
    a.widths == b.widths && a.heights == b.heights && a.steps == b.steps && a.offset == b.offset
      && a.variances == b.variances && a.isClipped == b.isClipped
  }

  package var attributes: String { "boxes \(widths.count) offset \(Float(offset))" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try PriorBoxes.resultTypes(operands, boxesPerCell: widths.count, of: Self.name)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let grid = try PriorBoxes(operands, steps: steps, of: Self.name)
    return grid.tensor(variances: variances, isClipped: isClipped) { row, column in
      let (x, y) = grid.centre(row, column, offset: offset)
      return zip(widths, heights).map { grid.box(x, y, width: $0, height: $1) }
    }
  }
}
