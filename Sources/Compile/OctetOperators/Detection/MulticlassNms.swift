package import OctetGraph
package import OctetTensor

/// Of each class the best boxes that do not overlap a better one, and of each image the best of these  (opset8, opset9).
///
/// The threshold for overlaps shrinks by a factor with every box that is taken, as long as it is above ½.
package struct MulticlassNms: Operator {
  package static let name = "MulticlassNms"
  package let settings: MulticlassSuppression
  package let overlapThreshold: Double
  package let shrinking: Double

  package init(settings: MulticlassSuppression, overlapThreshold: Double, shrinking: Double) throws(OperatorError) {
    try settings.check(Self.name)
    self.settings = settings
    self.overlapThreshold = overlapThreshold
    self.shrinking = shrinking
  }

  package var attributes: String { "overlap \(Float(overlapThreshold)) score \(Float(settings.scoreThreshold))" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try settings.resultTypes(operands, of: Self.name)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let suppression = Suppression(
      overlapThreshold: overlapThreshold, dropsEqual: true, shrinking: shrinking, pixel: settings.pixel)
    return try settings.evaluate(operands) { (boxes, scores, budget) throws(OperatorError) in
      let order = settings.candidates(scores) { $0 >= settings.scoreThreshold }
      return try suppression.taken(boxes, order: order, &budget).map { ($0, scores[$0]) }
    }
  }
}
