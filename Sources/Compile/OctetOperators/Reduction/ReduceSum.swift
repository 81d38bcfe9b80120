import OctetGraph

/// y = Σ x  (opset1)
package struct ReduceSum: Reduction {
  package static let name = "ReduceSum"
  package let keepsAxes: Bool

  package init(keepsAxes: Bool) { self.keepsAxes = keepsAxes }

  package func reduce(_ values: [Double]) -> Double { values.reduce(0, +) }
}
