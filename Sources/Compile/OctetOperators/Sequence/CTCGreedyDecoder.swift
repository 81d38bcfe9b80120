package import OctetGraph
package import OctetTensor

/// The most likely class of every step, without blanks  (opset1).
///
/// Operands: scores [steps, N, classes] and a mask [steps, N], 0 behind the end of a sequence. The result [N, steps, 1, 1]
/// holds the classes of each sequence from the front, then −1. The last class is the blank.
package struct CTCGreedyDecoder: Operator {
  package static let name = "CTCGreedyDecoder"
  /// Whether equal classes that follow each other count once.
  package let mergesRepeats: Bool

  package init(mergesRepeats: Bool) { self.mergesRepeats = mergesRepeats }

  package var attributes: String { mergesRepeats ? "merging repeats" : "" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    let scores = operands[0]
    guard scores.elementType.isFloatingPoint, scores.shape.rank == 3,
      !scores.shape[2].accepts(0) || scores.shape.fixed == nil,
      operands[1].elementType != .string, operands[1].shape.isCompatible(with: [scores.shape[0], scores.shape[1]])
    else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "scores [steps, N, classes] and a mask [steps, N]",
        found: "\(scores.type), \(operands[1].type)")
    }
    return [scores.type.with(shape: [scores.shape[1], scores.shape[0], 1, 1])]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let (steps, count, classes) = (operands[0].shape[0], operands[0].shape[1], operands[0].shape[2])
    let (scores, mask) = (operands[0].doubles, operands[1].doubles)
    var values: [Double] = []
    for sequence in 0..<count {
      let length = (0..<steps).first { mask[$0 * count + sequence] == 0 } ?? steps
      let found = GreedyDecoding.classes(steps: length, blank: classes - 1, mergesRepeats: mergesRepeats) { step in
        scores[((step * count + sequence) * classes)...].prefix(classes)
      }
      values += found.map(Double.init) + [Double](repeating: -1, count: steps - found.count)
    }
    return [Tensor(operands[0].elementType, shape, converting: values)]
  }
}

enum GreedyDecoding {
  /// The classes of one sequence; of equal scores the first is taken.
  static func classes(
    steps: Int, blank: Int, mergesRepeats: Bool, scores: (_ step: Int) -> ArraySlice<Double>
  ) -> [Int] {
    var found: [Int] = []
    var last: Int?
    for step in 0..<steps {
      let row = scores(step)
      guard let best = row.indices.max(by: { row[$0] < row[$1] || (row[$0] == row[$1] && $0 > $1) }) else { continue }
      let category = best - row.startIndex
      if category != blank, !(mergesRepeats && category == last) { found.append(category) }
      last = category
    }
    return found
  }
}
