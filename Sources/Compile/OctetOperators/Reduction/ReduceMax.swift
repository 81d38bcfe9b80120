package import OctetGraph

/// y = max x  (opset1)
package struct ReduceMax: Reduction {
  package static let name = "ReduceMax"
  package let keepsAxes: Bool

  package init(keepsAxes: Bool) { self.keepsAxes = keepsAxes }

  package func reduce(_ values: [Double]) -> Double { values.max() ?? -.infinity }

  package func carry(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]? {
    carryOrder(incoming, operands)
  }
}
