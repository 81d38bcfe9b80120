package import OctetGraph
package import OctetTensor

/// y = x / √(Σ x² + ε), or √max(Σ x², ε), over some axes; operands x and the axes  (opset1).
///
/// Without axes every element is its own sum.
package struct NormalizeL2: Operator {
  package enum EpsilonMode: String, CaseIterable, Sendable {
    case add, max
  }

  package static let name = "NormalizeL2"
  package let epsilon: Double
  package let mode: EpsilonMode

  package init(epsilon: Double, mode: EpsilonMode) {
    self.epsilon = epsilon
    self.mode = mode
  }

  package var attributes: String { "eps \(Float(epsilon)) \(mode.rawValue)" }

  package func axes(_ operands: [Operand]) throws(OperatorError) -> Set<Int> {
    let axes = try operands.requiredIntegers(at: 1, "axes of NormalizeL2")
    return Set(try Axis.normalized(axes, rank: operands[0].shape.rank, of: Self.name))
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: Self.name)
    try operands.expectNormalizable(of: Self.name)
    _ = try axes(operands)
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    var values = operands[0].doubles
    for group in ReduceL2.groups(operands[0].shape, axes: try axes(operands.known)) {
      let sum = group.reduce(0) { $0 + values[$1] * values[$1] }
      let norm = (mode == .add ? sum + epsilon : max(sum, epsilon)).squareRoot()
      for index in group { values[index] /= norm }
    }
    return [Tensor(operands[0].elementType, operands[0].shape, converting: values)]
  }
}
