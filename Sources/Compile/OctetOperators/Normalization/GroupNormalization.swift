package import OctetGraph
package import OctetTensor

/// y = γ · (x − mean) / √(variance + ε) + β, the statistics over groups of channels, γ and β per channel  (opset12).
///
/// Operands: x, γ, β.
package struct GroupNormalization: Operator {
  package static let name = "GroupNormalization"
  package let groups: Int
  package let epsilon: Double

  package init(groups: Int, epsilon: Double) throws(OperatorError) {
    guard groups >= 1, epsilon >= 0 else {
      throw .mismatch(
        "attributes of GroupNormalization", expected: "1 group or more, epsilon 0 or more",
        found: "\(groups), \(epsilon)")
    }
    self.groups = groups
    self.epsilon = epsilon
  }

  package var attributes: String { "groups \(groups) eps \(Float(epsilon))" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(3, of: Self.name)
    try operands.expectNormalizable(rank: 2, of: Self.name)
    for index in 1...2 { try operands.expectPerChannel(index, of: 0, Self.name) }
    if let channels = operands[0].shape[1].fixedExtent, channels % groups != 0 {
      throw .mismatch("channels of GroupNormalization", expected: "a multiple of \(groups)", found: "\(channels)")
    }
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = operands[0].shape
    var values = operands[0].doubles
    let size = shape.count(in: 1..<shape.rank) / groups
    for group in 0..<(shape[0] * groups) {
      GroupStatistics.normalize(&values, Array(group * size..<(group + 1) * size), epsilon: epsilon)
    }
    let (scale, shift) = (operands[1].doubles, operands[2].doubles)
    let inner = shape.count(in: 2..<shape.rank)
    let scaled = values.enumerated().map { index, value in
      value * scale[index / inner % shape[1]] + shift[index / inner % shape[1]]
    }
    return [Tensor(operands[0].elementType, shape, converting: scaled)]
  }
}
