import OctetGraph

/// y = whether all x are true  (opset1)
package struct ReduceLogicalAnd: Reduction {
  package static let name = "ReduceLogicalAnd"
  package let keepsAxes: Bool

  package init(keepsAxes: Bool) { self.keepsAxes = keepsAxes }

  package func reduce(_ values: [Double]) -> Double { values.allSatisfy { $0 != 0 } ? 1 : 0 }
}
