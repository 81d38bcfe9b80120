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
  /// What x is of an operand of integers, per tensor and with a positive scale; nil when it is the operand.
  package private(set) var dequantization: Dequantization?

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
    let place = epsilonPlace == .outsideRoot ? " outside the root" : ""
    let own = normalizesVariance ? "eps \(Float(epsilon))\(place)" : "mean only"
    return dequantization.map { "\(own) of \($0)" } ?? own
  }

  package func absorbing(_ dequantization: Dequantization, operand index: Int) -> (any Operator)? {
    guard index == 0, self.dequantization == nil, dequantization.isPerTensor, dequantization.scales[0] > 0 else {
      return nil
    }
    var absorbed = self
    absorbed.dequantization = dequantization
    return absorbed
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
    _ = try reducedAxes(operands)
    if dequantization != nil {
      guard [.u8, .i8].contains(operands[0].elementType) else {
        throw .mismatch("operand of \(Self.name)", expected: "u8 or i8", found: "\(operands[0].elementType)")
      }
      return [operands[0].type.with(elementType: .f32)]
    }
    try operands.expectNormalizable(of: Self.name)
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    var values = dequantization.map { Dequantize($0).apply(to: operands[0]) } ?? operands[0].doubles
    for group in ReduceMean.groups(operands[0].shape, axes: try reducedAxes(operands.known)) {
      GroupStatistics.normalize(&values, group, epsilon: normalizesVariance ? epsilon : nil, epsilonPlace)
    }
    let type = dequantization == nil ? operands[0].elementType : .f32
    return [Tensor(type, operands[0].shape, converting: values)]
  }
}
