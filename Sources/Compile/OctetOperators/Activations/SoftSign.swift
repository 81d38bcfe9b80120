import OctetGraph

/// y = x / (1 + |x|)  (opset9)
package struct SoftSign: ElementwiseUnary {
  package static let name = "SoftSign"

  package init() {}

  package func apply(_ x: Double) -> Double { x / (1 + abs(x)) }
}
