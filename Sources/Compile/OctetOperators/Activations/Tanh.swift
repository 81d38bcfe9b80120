import Glibc
import OctetGraph

/// y = tanh(x)  (opset1)
package struct Tanh: ElementwiseUnary {
  package static let name = "Tanh"

  package init() {}

  package func apply(_ x: Double) -> Double { tanh(x) }
}
