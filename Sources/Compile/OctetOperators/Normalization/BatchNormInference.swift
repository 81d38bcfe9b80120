package import OctetGraph
package import OctetTensor

/// y = γ · (x − mean) / √(variance + ε) + β, per channel  (opset1, opset5).
///
/// Operands: x, γ, β, mean, variance; in opset1 x comes third.
package struct BatchNormInference: Operator {
  package static let name = "BatchNormInference"
  package let epsilon: Double
  /// Which operand is x; the others keep their order.
  package let dataOperand: Int

  package init(epsilon: Double, dataOperand: Int) throws(OperatorError) {
    guard epsilon >= 0 else {
      throw .mismatch("epsilon of BatchNormInference", expected: "0 or more", found: "\(epsilon)")
    }
    self.epsilon = epsilon
    self.dataOperand = dataOperand
  }

  package var attributes: String { "eps \(Float(epsilon))" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(5, of: Self.name)
    try operands.expectNormalizable(dataOperand, rank: 2, of: Self.name)
    for index in operands.indices where index != dataOperand {
      try operands.expectPerChannel(index, of: dataOperand, Self.name)
    }
    return [operands[dataOperand].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let data = operands[dataOperand]
    let parameters = operands.indices.filter { $0 != dataOperand }.map { operands[$0].doubles }
    let inner = data.shape.count(in: 2..<data.shape.rank)
    let values = data.doubles.enumerated().map { index, x in
      let channel = index / inner % data.shape[1]
      let scale = parameters[0][channel] / (parameters[3][channel] + epsilon).squareRoot()
      return (x - parameters[2][channel]) * scale + parameters[1][channel]
    }
    return [Tensor(data.elementType, data.shape, converting: values)]
  }
}
