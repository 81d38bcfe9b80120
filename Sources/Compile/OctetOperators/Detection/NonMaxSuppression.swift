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
    guard indexType == .i64 || indexType == .i32 else {
      throw .mismatch("output type of \(Self.name)", expected: "i32 or i64", found: "\(indexType)")
    }
    self.encoding = encoding
    self.sortsAcrossImages = sortsAcrossImages
    self.indexType = indexType
    self.givesScores = givesScores
  }

  package var attributes: String { "\(encoding.rawValue)\(sortsAcrossImages ? " sorted" : "")" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2...6, of: Self.name)
    let (boxes, scores) = (operands[0].shape, operands[1].shape)
    guard operands[0].elementType.isFloatingPoint, operands[1].elementType.isFloatingPoint, boxes.rank == 3,
      scores.rank == 3, boxes[2].accepts(4), boxes.isCompatible(with: [scores[0], scores[2], boxes[2]])
    else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "boxes [N, boxes, 4] and scores [N, classes, boxes]",
        found: "\(operands[0].type), \(operands[1].type)")
    }
    for operand in operands.dropFirst(2)
    where operand.shape.fixed?.elementCount != 1 || operand.elementType == .string {
      throw .mismatch("limits of \(Self.name)", expected: "single numbers", found: "\(operand.type)")
    }
    let rows = try largestCount(operands).map { Dimension.bounded(0...$0) } ?? .dynamic
    let indices = TensorType(indexType, [rows, 3])
    return givesScores ? [indices, TensorType(.f32, [rows, 3]), TensorType(indexType, [1])] : [indices]
  }

  /// images · classes · min(boxes, how many to take), when all of them are known.
  private func largestCount(_ operands: [Operand]) throws(OperatorError) -> Int? {
    guard let images = operands[1].shape[0].fixedExtent, let classes = operands[1].shape[1].fixedExtent,
      let boxes = operands[1].shape[2].fixedExtent
    else { return nil }
    let wanted = try operands.count > 2 ? operands.integers(at: 2, "limit of \(Self.name)")?.first : 0
    return try Extent.product([images, classes, min(boxes, max(wanted ?? boxes, 0))], of: Self.name)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    func number(_ index: Int) -> Double { index < operands.count ? operands[index].doubles.first ?? 0 : 0 }
    // Clamped before converting: the limits may come with a request.
    let wanted = Int(max(0, min(number(2), Double(Shape.maximumElementCount)).rounded(.towardZero)))
    let sieve = Sieve(wanted: wanted, overlap: number(3), score: number(4), sigma: number(5))
    let (images, classes, count) = (operands[1].shape[0], operands[1].shape[1], operands[1].shape[2])
    let (coordinates, scores) = (operands[0].doubles, operands[1].doubles)
    var found: [Candidate] = []
    var budget = ComparisonBudget()
    for image in 0..<images {
      let boxes = (0..<count).map { box(coordinates[((image * count + $0) * 4)...].prefix(4)) }
      for category in 0..<classes {
        let first = (image * classes + category) * count
        for (index, score) in try sieve.taken(boxes, Array(scores[first..<first + count]), &budget) {
          found.append(Candidate(image: image, category: category, box: index, score: score))
        }
      }
    }
    if sortsAcrossImages { found.sort { $0.precedes($1) } }
    let rows = Shape(valid: [found.count, 3])
    let indices = found.flatMap { [Double($0.image), Double($0.category), Double($0.box)] }
    guard givesScores else { return [Tensor(indexType, rows, converting: indices)] }
    return [
      Tensor(indexType, rows, converting: indices),
      Tensor(.f32, rows, converting: found.flatMap { [Double($0.image), Double($0.category), $0.score] }),
      Tensor(indexType, [1], converting: [Double(found.count)]),
    ]
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

  private struct Candidate {
    let image: Int
    let category: Int
    let box: Int
    let score: Double

    /// Higher scores first; equal ones by image, class and box.
    func precedes(_ other: Candidate) -> Bool {
      score == other.score
        ? (image, category, box) < (other.image, other.category, other.box) : score > other.score
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
