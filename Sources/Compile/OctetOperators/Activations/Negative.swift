import OctetGraph

/// y = −x  (opset1)
package struct Negative: ElementwiseUnary {
  package static let name = "Negative"

  package init() {}

  package func apply(_ x: Double) -> Double { -x }
}
