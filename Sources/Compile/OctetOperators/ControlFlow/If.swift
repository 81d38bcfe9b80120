package import OctetGraph
package import OctetTensor

/// One of two graphs, as the first operand says  (opset8).
///
/// Each branch reads some of the other operands; both have the same number of results, of the same types and ranks.
package struct If: Operator {
  /// A graph, and for each of its inputs the operand that it reads.
  package struct Branch: Sendable, Equatable {
    package let body: Subgraph
    package let operands: [Int]
    /// For each result the output of the body.
    package let outputs: [Int]

    package init(body: Subgraph, operands: [Int], outputs: [Int]) {
      self.body = body
      self.operands = operands
      self.outputs = outputs
    }

    fileprivate func types(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
      guard self.operands.allSatisfy(operands.indices.contains) else {
        throw .mismatch("operands of \(If.name)", expected: "as many as its branches read", found: "\(operands.count)")
      }
      let types = try body.resultTypes(self.operands.map { operands[$0].type })
      return outputs.map { types[$0] }
    }

    fileprivate func run(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
      let results = try body.run(self.operands.map { operands[$0] })
      return outputs.map { results[$0] }
    }
  }

  package static let name = "If"
  package let whenTrue: Branch
  package let whenFalse: Branch

  package init(whenTrue: Branch, whenFalse: Branch) throws(OperatorError) {
    guard whenTrue.outputs.count == whenFalse.outputs.count else {
      throw .mismatch(
        "branches of \(Self.name)", expected: "equally many results",
        found: "\(whenTrue.outputs.count) and \(whenFalse.outputs.count)")
    }
    self.whenTrue = whenTrue
    self.whenFalse = whenFalse
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    guard let condition = operands.first, condition.shape.fixed?.elementCount == 1,
      condition.elementType != .string
    else {
      throw .mismatch(
        "condition of \(Self.name)", expected: "one value", found: operands.first.map { "\($0.type)" } ?? "none")
    }
    if let known = condition.constant { return try branch(known).types(operands) }
    let (first, second) = (try whenTrue.types(operands), try whenFalse.types(operands))
    var types: [TensorType] = []
    for (a, b) in zip(first, second) {
      guard let joined = a.joined(with: b) else {
        throw .mismatch("results of \(Self.name)", expected: "one type and rank in both branches", found: "\(a), \(b)")
      }
      types.append(joined)
    }
    return types
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    try branch(operands[0]).run(operands)
  }

  private func branch(_ condition: Tensor) -> Branch { condition.doubles.first == 0 ? whenFalse : whenTrue }
}
