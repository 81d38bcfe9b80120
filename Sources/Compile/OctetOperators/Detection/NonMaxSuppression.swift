import Glibc
package import OctetGraph
package import OctetTensor

/// Of each class the best boxes that do not overlap a better one  (opset1, opset3, opset4, opset5, opset9).
///
///     score ← score · exp(−overlap² / 2σ)   for every better box that was taken before
///
/// Operands: boxes [N, boxes, 4], scores [N, classes, boxes], and as single numbers how many to take of each class, from
/// which overlap on a box is dropped, which score a box must exceed, and σ; without σ scores stay as they are, with it no
/// box is dropped for its overlap. Results: a row of image, class and box for each that was taken, from opset5 on also a
/// row of image, class and score, and how many there are. How many rows there are depends on the values.
package struct NonMaxSuppression: Operator {
  package enum Encoding: String, CaseIterable, Sendable {
    /// y₁, x₁, y₂, x₂ of two opposite corners, in any order.
    case corner
    /// x, y, width, height.
    case center
  }

  package static let name = "NonMaxSuppression"
  package let encoding: Encoding
  /// The best first across images and classes; otherwise image by image, class by class.
  package let sortsAcrossImages: Bool
  package let indexType: ElementType
  /// Whether scores and their number are results, too.
  package let givesScores: Bool

  package init(
    encoding: Encoding, sortsAcrossImages: Bool, indexType: ElementType, givesScores: Bool
  ) throws(OperatorError) {
    self.encoding = encoding
    self.sortsAcrossImages = sortsAcrossImages
    self.indexType = indexType
    self.givesScores = givesScores
    try selection.check()
  }

  private var selection: BoxSelection {
    BoxSelection(sortsAcrossImages: sortsAcrossImages, indexType: indexType, name: Self.name)
  }

  package var attributes: String { "\(encoding.rawValue)\(sortsAcrossImages ? " sorted" : "")" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2...6, of: Self.name)
    let types = try selection.resultTypes(operands, numbersOfBox: 4)
    return givesScores ? types : [types[0]]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    func number(_ index: Int) -> Double { BoxSelection.number(operands, index) }
    let sieve = Sieve(
      wanted: BoxSelection.wanted(operands), overlap: number(3), score: number(4), sigma: number(5))
    let results = try selection.evaluate(operands, box: box) { boxes, scores, budget throws(OperatorError) in
      try sieve.taken(boxes, scores, &budget)
    }
    return givesScores ? results : [results[0]]
  }

  private func box(_ values: ArraySlice<Double>) -> Box {
    let v = Array(values)
    switch encoding {
    case .corner:
      return Box([min(v[1], v[3]), min(v[0], v[2]), max(v[1], v[3]), max(v[0], v[2])])
    case .center:
      return Box([v[0] - v[2] / 2, v[1] - v[3] / 2, v[0] + v[2] / 2, v[1] + v[3] / 2])
    }
  }
}

/// Takes boxes of one class, the best first.
private struct Sieve {
  let wanted: Int
  let overlap: Double
  let score: Double
  let sigma: Double

  /// Indices of boxes with the scores that are left of them.
  func taken(
    _ boxes: [Box], _ scores: [Double], _ budget: inout ComparisonBudget
  ) throws(OperatorError) -> [(index: Int, score: Double)] {
    let order = Suppression.bestFirst(boxes.indices.filter { scores[$0] > score }) { scores[$0] }
    guard sigma > 0 else {
      let suppression = Suppression(overlapThreshold: overlap, dropsEqual: true, keepLimit: wanted)
      return try suppression.taken(boxes, order: order, &budget).map { ($0, scores[$0]) }
    }
    return try softened(boxes, scores, order, &budget)
  }

  /// Boxes lose score by their overlaps instead of being dropped.
  private func softened(
    _ boxes: [Box], _ scores: [Double], _ order: [Int], _ budget: inout ComparisonBudget
  ) throws(OperatorError) -> [(index: Int, score: Double)] {
    // The best last, so that it is popped.
    var waiting = order.reversed().map { (index: $0, score: scores[$0], seen: 0) }
    var taken: [(index: Int, score: Double)] = []
    while taken.count < wanted, var next = waiting.popLast() {
      let before = next.score
      var isDropped = false
      // Each box taken meets a candidate once; one that lost score goes back into the line.
      try budget.spend(taken.count - next.seen)
      for other in taken[next.seen...].reversed() {
        let shared = boxes[next.index].overlap(boxes[other.index])
        next.score *= exp(-0.5 / sigma * shared * shared)
        isDropped = !(next.score > score)
        if isDropped { break }
      }
      next.seen = taken.count
      if isDropped { continue }
      if next.score == before {
        taken.append((next.index, next.score))
      } else {
        try budget.spend(waiting.count)
        let place = waiting.firstIndex { $0.score > next.score || $0.score == next.score && $0.index < next.index }
        waiting.insert(next, at: place ?? waiting.count)
      }
    }
    return taken
  }
}
