package import OctetGraph
package import OctetTensor

/// Of each class the best turned boxes that do not overlap a better one  (opset13).
///
/// Operands: boxes [N, boxes, 5] of centre, size and angle, scores [N, classes, boxes], and as single numbers how many to
/// take of each class, from which overlap on a box is dropped and which score a box must exceed. Results are those of
/// NonMaxSuppression.
package struct NMSRotated: Operator {
  package static let name = "NMSRotated"
  /// The best first across images and classes; otherwise image by image, class by class.
  package let sortsAcrossImages: Bool
  package let indexType: ElementType
  package let isClockwise: Bool

  package init(sortsAcrossImages: Bool, indexType: ElementType, isClockwise: Bool) throws(OperatorError) {
    self.sortsAcrossImages = sortsAcrossImages
    self.indexType = indexType
    self.isClockwise = isClockwise
    try selection.check()
  }

  private var selection: BoxSelection {
    BoxSelection(sortsAcrossImages: sortsAcrossImages, indexType: indexType, name: Self.name)
  }

  package var attributes: String {
    (isClockwise ? "clockwise" : "counterclockwise") + (sortsAcrossImages ? " sorted" : "")
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(5, of: Self.name)
    return try selection.resultTypes(operands, numbersOfBox: 5)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let threshold = BoxSelection.number(operands, 4)
    let suppression = Suppression(
      overlapThreshold: BoxSelection.number(operands, 3), keepLimit: BoxSelection.wanted(operands),
      comparisonCost: RotatedBox.comparisonCost)
    return try selection.evaluate(
      operands, box: { RotatedBox($0, isClockwise: isClockwise) }
    ) { boxes, scores, budget throws(OperatorError) in
      let order = Suppression.bestFirst(boxes.indices.filter { scores[$0] > threshold }) { scores[$0] }
      return try suppression.taken(order: order, &budget) { boxes[$0].overlap(boxes[$1]) }.map { ($0, scores[$0]) }
    }
  }
}
