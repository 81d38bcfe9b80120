package import OctetGraph
package import OctetTensor

/// The sequences that a beam search has found, followed back from their last step  (opset1).
///
/// Operands: tokens [steps, B, beams]; the beam that each comes from [steps, B, beams]; how many steps each search took [B];
/// and the token behind the end, which stands wherever a sequence has ended.
package struct GatherTree: Operator {
  package static let name = "GatherTree"

  package init() {}

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(4, of: Self.name)
    let (tokens, parents, lengths, end) = (operands[0], operands[1], operands[2], operands[3])
    let type = tokens.elementType
    guard [.i32, .i64, .f32].contains(type), operands.allSatisfy({ $0.elementType == type }), tokens.shape.rank == 3,
      parents.shape.isCompatible(with: tokens.shape), lengths.shape.isCompatible(with: [tokens.shape[1]]),
      end.shape.fixed?.elementCount == 1
    else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "tokens and parents [steps, B, beams], lengths [B] and a token",
        found: operands.map { "\($0.type)" }.joined(separator: ", "))
    }
    return [tokens.type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = operands[0].shape
    let (steps, batch, beams) = (shape[0], shape[1], shape[2])
    let (tokens, parents) = (operands[0].doubles, operands[1].doubles)
    let (lengths, end) = (operands[2].doubles, operands[3].doubles[0])
    var result = [Double](repeating: end, count: shape.elementCount)
    for search in 0..<batch {
      // Clamped before converting: lengths come with a request.
      let length = Int(max(0, min(lengths[search], Double(steps))))
      for beam in 0..<beams {
        func place(_ step: Int, _ beam: Int) -> Int { (step * batch + search) * beams + beam }
        var own = beam
        for step in (0..<length).reversed() {
          result[place(step, beam)] = tokens[place(step, own)]
          let parent = parents[place(step, own)]
          guard step == 0 || parent >= 0 && parent < Double(beams) else {
            throw .mismatch("parents of \(Self.name)", expected: "0 to \(beams - 1)", found: "\(parent)")
          }
          own = step == 0 ? own : Int(parent)
        }
        guard let last = (0..<length).first(where: { result[place($0, beam)] == end }) else { continue }
        for step in last..<length { result[place(step, beam)] = end }
      }
    }
    return [Tensor(operands[0].elementType, shape, converting: result)]
  }
}
