import OctetGraph

/// y = Σ |x|  (opset4)
package struct ReduceL1: Reduction {
  package static let name = "ReduceL1"
  package let keepsAxes: Bool

  package init(keepsAxes: Bool) { self.keepsAxes = keepsAxes }

  package func reduce(_ values: [Double]) -> Double { values.reduce(0) { $0 + abs($1) } }
}
