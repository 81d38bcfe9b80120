package import OctetGraph
package import OctetTensor

/// The most likely class of every step, without blanks  (opset6).
///
/// Operands: scores [N, steps, classes], the length of each sequence [N], and which class is the blank, by default the
/// last. Results: the classes of each sequence from the front, then −1 [N, steps], and how many they are [N].
package struct CTCGreedyDecoderSeqLen: Operator {
  package static let name = "CTCGreedyDecoderSeqLen"
  package let mergesRepeats: Bool
  package let classType: ElementType
  package let lengthType: ElementType

  package init(mergesRepeats: Bool, classType: ElementType, lengthType: ElementType) throws(OperatorError) {
    for type in [classType, lengthType] where type != .i64 && type != .i32 {
      throw .mismatch("output types of \(Self.name)", expected: "i32 or i64", found: "\(type)")
    }
    self.mergesRepeats = mergesRepeats
    self.classType = classType
    self.lengthType = lengthType
  }

  package var attributes: String { mergesRepeats ? "merging repeats" : "" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2...3, of: Self.name)
    let scores = operands[0]
    guard scores.elementType.isFloatingPoint, scores.shape.rank == 3,
      operands[1].shape.isCompatible(with: [scores.shape[0]])
    else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "scores [N, steps, classes] and lengths [N]",
        found: "\(scores.type), \(operands[1].type)")
    }
    for index in 1..<operands.count { try operands.expectIndices(at: index, of: Self.name) }
    return [
      TensorType(classType, [scores.shape[0], scores.shape[1]]), TensorType(lengthType, [scores.shape[0]]),
    ]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let (count, steps, classes) = (operands[0].shape[0], operands[0].shape[1], operands[0].shape[2])
    let (scores, lengths) = (operands[0].doubles, operands[1].doubles)
    let blank = operands.count == 3 ? operands[2].integers?.first ?? classes - 1 : classes - 1
    var (values, counts): ([Double], [Double]) = ([], [])
    for sequence in 0..<count {
      let length = Int(max(0, min(lengths[sequence], Double(steps))))
      let found = GreedyDecoding.classes(steps: length, blank: blank, mergesRepeats: mergesRepeats) { step in
        scores[((sequence * steps + step) * classes)...].prefix(classes)
      }
      values += found.map(Double.init) + [Double](repeating: -1, count: steps - found.count)
      counts.append(Double(found.count))
    }
    return [
      Tensor(classType, Shape(valid: [count, steps]), converting: values),
      Tensor(lengthType, Shape(valid: [count]), converting: counts),
    ]
  }
}
