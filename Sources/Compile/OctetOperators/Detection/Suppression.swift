import OctetGraph

/// Takes boxes, the best first, and drops those that overlap one that was taken: greedy non-maximum suppression.
///
///     box j is taken if overlap(i, j) ≤ threshold for every box i that was taken before it
struct Suppression {
  var overlapThreshold: Double
  /// Whether a box goes whose overlap equals the threshold.
  var dropsEqual = false
  /// The factor by which the threshold shrinks with every box that is taken, as long as it is above ½.
  var shrinking = 1.0
  /// How many boxes are looked at, and how many are taken.
  var candidateLimit = Int.max
  var keepLimit = Int.max
  /// What the last pixel of a box adds to its size.
  var pixel = 0.0
  /// Whether boxes must touch without their last pixels before they can overlap.
  var needsTouch = false
  /// How much work it is to compare two of them, upright boxes being 1.
  var comparisonCost = 1

  /// The boxes that are taken, by index, in the order in which they are.
  ///
  /// - Parameter order: the candidates, the best first.
  func taken(
    _ boxes: [Box], order: [Int], _ budget: inout ComparisonBudget
  ) throws(OperatorError) -> [Int] {
    let closed = boxes.map { $0.closed(by: pixel) }
    return try taken(order: order, &budget) { taken, own in
      // Less than any threshold: boxes that do not touch leave each other in peace.
      if needsTouch, !boxes[taken].touches(boxes[own]) { return -.infinity }
      return closed[taken].overlap(closed[own])
    }
  }

  /// The same for boxes of any form.
  func taken(
    order: [Int], _ budget: inout ComparisonBudget, overlap: (_ taken: Int, _ own: Int) -> Double
  ) throws(OperatorError) -> [Int] {
    var threshold = overlapThreshold
    var taken: [Int] = []
    for own in order.prefix(candidateLimit) {
      guard taken.count < keepLimit else { break }
      try budget.spend(taken.count * comparisonCost)
      let isFree = taken.allSatisfy { other in
        let overlap = overlap(other, own)
        return !(overlap > threshold || dropsEqual && overlap == threshold)
      }
      guard isFree else { continue }
      taken.append(own)
      if shrinking < 1, threshold > 0.5 { threshold *= shrinking }
    }
    return taken
  }

  /// Ascending indices by descending scores; equal ones stay in their order, and what is not a number comes last.
  static func bestFirst(_ indices: some Sequence<Int>, by score: (Int) -> Double) -> [Int] {
    indices.map { (index: $0, score: score($0)) }.sorted { a, b in
      if a.score.isNaN || b.score.isNaN { return a.score.isNaN == b.score.isNaN ? a.index < b.index : b.score.isNaN }
      return a.score == b.score ? a.index < b.index : a.score > b.score
    }.map(\.index)
  }
}

/// How many pairs of boxes one operator may compare: their number grows with the square of the boxes, and a request may
/// bring millions.
struct ComparisonBudget {
  private static let maximum = 1 << 31
  private var left = maximum

  mutating func spend(_ comparisons: Int) throws(OperatorError) {
    left -= comparisons
    guard left >= 0 else {
      throw .mismatch("boxes", expected: "at most \(Self.maximum) comparisons of two", found: "more")
    }
  }
}
