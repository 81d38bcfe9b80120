import OctetGraph

/// y = √Σ x²  (opset4)
package struct ReduceL2: Reduction {
  package static let name = "ReduceL2"
  package let keepsAxes: Bool

  package init(keepsAxes: Bool) { self.keepsAxes = keepsAxes }

  package func reduce(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
