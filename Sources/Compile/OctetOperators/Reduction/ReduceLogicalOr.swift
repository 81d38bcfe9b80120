import OctetGraph

/// y = whether any x is true  (opset1)
package struct ReduceLogicalOr: Reduction {
  package static let name = "ReduceLogicalOr"
  package let keepsAxes: Bool

  package init(keepsAxes: Bool) { self.keepsAxes = keepsAxes }

  package func reduce(_ values: [Double]) -> Double { values.contains { $0 != 0 } ? 1 : 0 }
}
