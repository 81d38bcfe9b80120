package import OctetGraph
package import OctetTensor

/// A body that runs once for every part of its operands, such as every step of a sequence  (opset1).
package struct TensorIterator: Operator {
  package static let name = "TensorIterator"
  package let iteration: Iteration

  package init(_ iteration: Iteration) throws(OperatorError) {
    let hasParts = iteration.sources.contains { if case .parts = $0 { true } else { false } }
    guard hasParts else {
      throw .mismatch("inputs of \(Self.name)", expected: "one at least that is cut into parts", found: "none")
    }
    self.iteration = iteration
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try iteration.resultTypes(operands, turns: iteration.partCount(operands))
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let turns = try iteration.partCount(operands.known) ?? 0
    return try iteration.run(operands) { turn, _ in turn < turns }
  }
}
