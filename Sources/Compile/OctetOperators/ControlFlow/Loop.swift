package import OctetGraph
package import OctetTensor

/// A body that runs a number of times, or as long as it says itself  (opset5).
///
/// Operands: how many turns at most, where −1 sets no limit; whether there is a first turn; then those that the body reads.
/// `condition` is the output of the body that says whether there is a next turn.
package struct Loop: Operator {
  package static let name = "Loop"
  package let iteration: Iteration
  package let condition: Int?

  package init(_ iteration: Iteration, condition: Int?) throws(OperatorError) {
    if let condition, !(0..<iteration.body.outputCount).contains(condition) {
      throw .mismatch("condition of \(Self.name)", expected: "an output of the body", found: "\(condition)")
    }
    self.iteration = iteration
    self.condition = condition
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2...Int.max, of: Self.name)
    for operand in operands.prefix(2)
    where operand.shape.fixed?.elementCount != 1 || operand.elementType == .string {
      throw .mismatch(
        "turns and condition of \(Self.name)", expected: "single values", found: "\(operand.type)")
    }
    if let condition, iteration.body.elementType(ofOutput: condition) == .string {
      throw .mismatch("condition of \(Self.name)", expected: "a number from the body", found: "a string")
    }
    return try iteration.resultTypes(operands, turns: knownTurns(operands))
  }

  /// How many turns there will be, whatever the values are.
  private func knownTurns(_ operands: [Operand]) -> Int? {
    if let starts = operands[1].constant?.doubles.first, starts == 0 { return 0 }
    guard operands[1].constant != nil, let limit = operands[0].constant.map(turns) else { return nil }
    let goesOn = condition.map { iteration.body.constant(ofOutput: $0)?.doubles.first.map { $0 != 0 } ?? false } ?? true
    return goesOn && limit <= iteration.maximumTurns ? limit : nil
  }

  /// −1 stands for one turn more than are allowed.
  private func turns(_ given: Tensor) -> Int {
    guard let count = given.integers?.first, count >= 0 else { return iteration.maximumTurns + 1 }
    return min(count, iteration.maximumTurns + 1)
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let limit = turns(operands[0])
    let starts = operands[1].doubles.first != 0
    return try iteration.run(operands) { turn, outputs in
      guard turn < limit else { return false }
      guard let outputs, let condition else { return starts }
      return outputs[condition].doubles.first != 0
    }
  }
}
