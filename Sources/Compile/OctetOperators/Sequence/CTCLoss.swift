import Glibc
package import OctetGraph
package import OctetTensor

/// How unlikely a labelling is, whatever the steps at which its labels appear  (opset4).
///
///     y[n] = −ln Σ over alignments a of labels[n] ∏ₜ softmax(x[n, t])[aₜ]
///
/// An alignment is the labels in order with blanks in between; with `mergesRepeats` a label may take several steps, and
/// equal neighbours need a blank between them. Operands: x [N, steps, classes], the lengths of sequences [N], labels
/// [N, steps], their lengths [N] and, optionally, which class is the blank, by default the last.
package struct CTCLoss: Operator {
  package static let name = "CTCLoss"
  package let mergesRepeats: Bool
  /// What is done to labels first.
  package let collapsesRepeats: Bool
  package let keepsFirstOnly: Bool

  package init(mergesRepeats: Bool, collapsesRepeats: Bool, keepsFirstOnly: Bool) {
    self.mergesRepeats = mergesRepeats
    self.collapsesRepeats = collapsesRepeats
    self.keepsFirstOnly = keepsFirstOnly
  }

  package var attributes: String {
    [
      mergesRepeats ? "merging repeats" : nil, collapsesRepeats ? "collapsing labels" : nil,
      keepsFirstOnly ? "unique labels" : nil,
    ].compactMap(\.self).joined(separator: " ")
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(4...5, of: Self.name)
    let x = operands[0]
    guard x.elementType.isFloatingPoint, x.shape.rank == 3, operands[1].shape.isCompatible(with: [x.shape[0]]),
      operands[2].shape.isCompatible(with: [x.shape[0], x.shape[1]]),
      operands[3].shape.isCompatible(with: [x.shape[0]])
    else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "x [N, steps, classes], lengths [N], labels [N, steps] and lengths [N]",
        found: operands.map { "\($0.type)" }.joined(separator: ", "))
    }
    for index in 1..<operands.count { try operands.expectIndices(at: index, of: Self.name) }
    return [x.type.with(shape: [x.shape[0]])]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let (count, steps, classes) = (operands[0].shape[0], operands[0].shape[1], operands[0].shape[2])
    let x = operands[0].doubles
    let (lengths, labels, labelCounts) = (operands[1].bitPatterns, operands[2].bitPatterns, operands[3].bitPatterns)
    let blank = operands.count == 5 ? operands[4].bitPatterns.first ?? -1 : Int64(classes) - 1
    var (losses, work): ([Double], Double) = ([], 0)
    for sequence in 0..<count {
      let (length, labelCount) = (lengths[sequence], labelCounts[sequence])
      guard length <= steps, 0...length ~= labelCount, length > 0 else {
        throw .mismatch(
          "lengths of \(Self.name)", expected: "1 to \(steps) steps, and no more labels than these",
          found: "\(length) and \(labelCount)")
      }
      // Their number grows with the square of the steps, and a request may bring millions.
      work += Double(length) * Double(2 * labelCount + 1)
      guard work <= Self.largestWork else {
        throw .mismatch(
          "places in alignments of \(Self.name)", expected: "at most \(Int(Self.largestWork))", found: "more")
      }
      let own = prepared(labels[(sequence * steps)...].prefix(Int(labelCount)))
      guard (own + [blank]).allSatisfy({ 0..<Int64(classes) ~= $0 }) else {
        throw .mismatch("labels of \(Self.name)", expected: "classes below \(classes)", found: "\(own), blank \(blank)")
      }
      let logarithms = (0..<Int(length)).map { step in
        Self.logarithms(Array(x[((sequence * steps + step) * classes)...].prefix(classes)))
      }
      losses.append(-sum(logarithms, own.map { Int($0) }, blank: Int(blank)))
    }
    return [Tensor(operands[0].elementType, Shape(valid: [count]), converting: losses)]
  }

  private static let largestWork = 4e9

  private func prepared(_ labels: ArraySlice<Int64>) -> [Int64] {
    var own: [Int64] = []
    var seen: Set<Int64> = []
    for label in labels where !(keepsFirstOnly ? seen.contains(label) : collapsesRepeats && own.last == label) {
      own.append(label)
      seen.insert(label)
    }
    return own
  }

  /// ln softmax
  private static func logarithms(_ x: [Double]) -> [Double] {
    let largest = x.max() ?? 0
    let sum = log(x.reduce(0) { $0 + exp($1 - largest) }) + largest
    return x.map { $0 - sum }
  }

  /// ln Σ over alignments, by forward probabilities of every place between and on the labels.
  private func sum(_ logarithms: [[Double]], _ labels: [Int], blank: Int) -> Double {
    // Blank, label, blank, label, …, blank.
    let places = (0...2 * labels.count).map { $0 % 2 == 0 ? blank : labels[$0 / 2] }
    var forward = places.indices.map { $0 < 2 ? logarithms[0][places[$0]] : -.infinity }
    for step in logarithms.dropFirst() {
      forward = places.indices.map { place in
        let isLabel = place % 2 == 1
        // Without merging a label takes one step only.
        var sum = isLabel && !mergesRepeats ? -.infinity : forward[place]
        if place > 0 { sum = Self.added(sum, forward[place - 1]) }
        if isLabel, place > 1, !mergesRepeats || places[place] != places[place - 2] {
          sum = Self.added(sum, forward[place - 2])
        }
        return sum + step[places[place]]
      }
    }
    return Self.added(forward[places.count - 1], places.count > 1 ? forward[places.count - 2] : -.infinity)
  }

  /// ln(eᵃ + eᵇ)
  private static func added(_ a: Double, _ b: Double) -> Double {
    let (low, high) = (min(a, b), max(a, b))
    return low == -.infinity ? high : high + log1p(exp(low - high))
  }
}
