package import OctetGraph

/// y = max x  (opset1)
package struct ReduceMax: Reduction {
  package static let name = "ReduceMax"
  package let keepsAxes: Bool

  package init(keepsAxes: Bool) { self.keepsAxes = keepsAxes }

  package func reduce(_ values: [Double]) -> Double { values.max() ?? -.infinity }

  /// The order of integers is that of what they stand for, as long as one positive scale does.
  package func carry(_ incoming: [Dequantization?], _ operands: [Operand]) -> [Dequantization?]? {
    guard let dequantization = incoming[0], dequantization.isPerTensor, dequantization.scales[0] > 0 else { return nil }
    return [dequantization]
  }
}
