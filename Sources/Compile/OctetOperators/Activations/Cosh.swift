import Glibc
import OctetGraph

/// y = (e^x + e^−x) / 2  (opset1)
package struct Cosh: ElementwiseUnary {
  package static let name = "Cosh"

  package init() {}

  package func apply(_ x: Double) -> Double { cosh(x) }
}
