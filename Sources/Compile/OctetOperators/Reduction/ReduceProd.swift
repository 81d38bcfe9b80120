import OctetGraph

/// y = Π x  (opset1)
package struct ReduceProd: Reduction {
  package static let name = "ReduceProd"
  package let keepsAxes: Bool

  package init(keepsAxes: Bool) { self.keepsAxes = keepsAxes }

  package func reduce(_ values: [Double]) -> Double { values.reduce(1, *) }
}
