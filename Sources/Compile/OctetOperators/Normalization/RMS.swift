package import OctetGraph
package import OctetTensor

/// y = γ · x / √(mean(x²) + ε) over the last axis  (RMS of OpenVINO's internal opset; Zhang and Sennrich, 2019).
///
/// Operands: x and, optionally, γ: one value, or one per element of the axis.
package struct RMS: Operator {
  package static let name = "RMS"
  package let epsilon: Double

  package init(epsilon: Double) throws(OperatorError) {
    guard epsilon >= 0, epsilon.isFinite else {
      throw .mismatch("epsilon of RMS", expected: "0 or more", found: "\(epsilon)")
    }
    self.epsilon = epsilon
  }

  package var attributes: String { "eps \(Float(epsilon))" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1...2, of: Self.name)
    try operands.expectNormalizable(of: Self.name)
    guard operands.count == 2 else { return [operands[0].type] }
    let (x, gamma) = (operands[0], operands[1])
    guard gamma.elementType == x.elementType, gamma.shape.rank <= 1,
      gamma.shape.rank == 0 || gamma.shape[0] == 1
        || gamma.shape.isCompatible(with: PartialShape([x.shape[x.shape.rank - 1]]))
    else {
      throw .mismatch(
        "factors of RMS", expected: "one value, or as many as the last axis of \(x.type)", found: "\(gamma.type)")
    }
    return [x.type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = operands[0].shape
    let gamma = operands.count == 2 ? operands[1].doubles : [1]
    var values = operands[0].doubles
    for group in ReduceMean.groups(shape, axes: [shape.rank - 1]) where !group.isEmpty {
      let mean = group.reduce(0) { $0 + values[$1] * values[$1] } / Double(group.count)
      let root = (mean + epsilon).squareRoot()
      for (place, index) in group.enumerated() { values[index] *= gamma[gamma.count == 1 ? 0 : place] / root }
    }
    return [Tensor(operands[0].elementType, shape, converting: values)]
  }
}
