import Glibc
import OctetGraph

/// y = arsinh(x)  (opset4)
package struct Asinh: ElementwiseUnary {
  package static let name = "Asinh"

  package init() {}

  package func apply(_ x: Double) -> Double { asinh(x) }
}
