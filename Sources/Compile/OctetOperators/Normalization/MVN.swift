package import OctetGraph
package import OctetTensor

/// y = (x − mean) / √(variance + ε) over some axes  (opset2, opset6).
///
/// The second operand names the axes; opset2 has none: it takes all but the batch, or all but batch and channels. Without
/// `normalizesVariance` only the mean is subtracted.
package struct MVN: Operator {
  package enum Axes: Hashable, Sendable {
    case operand
    case from(Int)
    case listed([Int])
  }

  package static let name = "MVN"
  package let axes: Axes
  package let normalizesVariance: Bool
  package let epsilon: Double
  package let epsilonPlace: EpsilonPlace

  package init(
    axes: Axes, normalizesVariance: Bool, epsilon: Double, epsilonPlace: EpsilonPlace
  ) throws(OperatorError) {
    guard epsilon >= 0 else { throw .mismatch("eps of MVN", expected: "0 or more", found: "\(epsilon)") }
    self.axes = axes
    self.normalizesVariance = normalizesVariance
    self.epsilon = epsilon
    self.epsilonPlace = epsilonPlace
  }

  package var attributes: String {
    normalizesVariance ? "eps \(Float(epsilon))\(epsilonPlace == .outsideRoot ? " outside the root" : "")" : "mean only"
  }

  package func reducedAxes(_ operands: [Operand]) throws(OperatorError) -> Set<Int> {
    let rank = operands[0].shape.rank
    switch axes {
    case .from(let first): return Set(min(first, rank)..<rank)
    case .listed(let axes): return Set(try Axis.normalized(axes, rank: rank, of: Self.name))
    case .operand:
      let axes = try operands.requiredIntegers(at: 1, "axes of MVN")
      return Set(try Axis.normalized(axes, rank: rank, of: Self.name))
    }
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(axes == .operand ? 2 : 1, of: Self.name)
    try operands.expectNormalizable(of: Self.name)
    _ = try reducedAxes(operands)
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    var values = operands[0].doubles
    for group in ReduceMean.groups(operands[0].shape, axes: try reducedAxes(operands.known)) {
      GroupStatistics.normalize(&values, group, epsilon: normalizesVariance ? epsilon : nil, epsilonPlace)
    }
    return [Tensor(operands[0].elementType, operands[0].shape, converting: values)]
  }
}
