package import OctetGraph
package import OctetTensor

/// y = 1/n · Σ (x − z); z is 0 on floats  (opset1)
package struct ReduceMean: Reduction {
  package static let name = "ReduceMean"
  package let keepsAxes: Bool
  package let zeroPoint: Double

  package init(keepsAxes: Bool, zeroPoint: Double = 0) {
    self.keepsAxes = keepsAxes
    self.zeroPoint = zeroPoint
  }

  package var attributes: String {
    (keepsAxes ? "keepsAxes" : "") + (zeroPoint == 0 ? "" : " zeroPoint \(Float(zeroPoint))")
  }

  package func reduce(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0) { $0 + ($1 - zeroPoint) } / Double(values.count)
  }

  /// Means of 8-bit integers are not integers: they are f32.
  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    let shape = try resultShape(operands)
    let isQuantized = [.u8, .i8].contains(operands[0].elementType)
    return [TensorType(isQuantized ? .f32 : operands[0].elementType, shape)]
  }

  /// mean((x − z)·s) = s · mean(x − z): the sum is exact, and nothing is rounded back to the grid.
  package func integerForm(_ incoming: [Dequantization?], _ operands: [Operand]) -> IntegerForm {
    guard let x = incoming[0], x.isPerTensor else { return .notAccumulating }
    let form = ReduceMean(keepsAxes: keepsAxes, zeroPoint: x.zeroPoints[0])
    let factors = Tensor.values(x.scales, alongAxis: 1, rank: operands[0].shape.rank)
    return .sum([IntegerTerm(op: form, factors: factors)])
  }
}
