package import OctetGraph

/// y = min x  (opset1)
package struct ReduceMin: Reduction {
  package static let name = "ReduceMin"
  package let keepsAxes: Bool

  package init(keepsAxes: Bool) { self.keepsAxes = keepsAxes }

  package func reduce(_ values: [Double]) -> Double { values.min() ?? .infinity }

  package func carry(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]? {
    carryOrder(incoming, operands)
  }
}
