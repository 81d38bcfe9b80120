package import OctetGraph
package import OctetRuntime
package import OctetTensor

/// Fused operations of which an earlier value is wanted as well: one kernel stores both.
///
/// Operands are those of `fused`. Results: what `fused` computes, then the value before its last operations.
package struct Forked: Operator {
  package static let name = "Forked"
  package let fused: Fused
  /// How many operations stand behind the earlier value.
  package let laterCount: Int

  package init(_ fused: Fused, laterCount: Int) {
    precondition((1...fused.operations.count).contains(laterCount), "\(laterCount) of \(fused.operations.count)")
    self.fused = fused
    self.laterCount = laterCount
  }

  package var attributes: String { fused.attributes }

  /// What computes the earlier value from the first operands.
  private var earlier: Fused {
    Fused(
      base: fused.base, baseOperandCount: fused.baseOperandCount,
      operations: Array(fused.operations.dropLast(laterCount)))
  }

  private var earlierOperandCount: Int {
    earlier.operations.reduce(fused.baseOperandCount) { $0 + $1.furtherOperandCount }
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try fused.resultTypes(operands) + earlier.resultTypes(Array(operands.prefix(earlierOperandCount)))
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    try fused.evaluate(operands) + earlier.evaluate(Array(operands.prefix(earlierOperandCount)))
  }

  package func macs(_ operands: [Operand], _ results: [TensorType]) -> Int { fused.macs(operands, results) }

  /// Whether there is a kernel for it.
  package func hasKernel(_ operands: [Operand]) -> Bool {
    guard let base = fused.base as? any RowNormalization, let parts = try? parts(operands) else { return false }
    return base.acceptsFork(parts.earlier, parts.later, fused.baseOperands(operands))
  }

  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let parts = try parts(site.operands)
    guard let base = fused.base as? any RowNormalization,
      let primitive = try base.lower(site, fusing: parts.earlier, quantizing: parts.later)
    else { return ReferencePrimitive(self, site) }
    return primitive
  }

  private func parts(
    _ operands: [Operand]
  ) throws(OperatorError) -> (earlier: [FusedOperation], later: [FusedOperation]) {
    let chain = try fused.chain(operands)
    return (Array(chain.dropLast(laterCount)), Array(chain.suffix(laterCount)))
  }
}
