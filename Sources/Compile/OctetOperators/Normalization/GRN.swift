package import OctetGraph
package import OctetTensor

/// y = x / √(Σ x² + bias) over the channels, axis 1  (opset1).
package struct GRN: Operator {
  package static let name = "GRN"
  package let bias: Double

  package init(bias: Double) { self.bias = bias }

  package var attributes: String { "bias \(Float(bias))" }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    try operands.expectNormalizable(rank: 2, of: Self.name)
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let channels = Tensor(.i64, [1], elements: [Int64(1)])
    return try NormalizeL2(epsilon: bias, mode: .add).evaluate([operands[0], channels])
  }
}
