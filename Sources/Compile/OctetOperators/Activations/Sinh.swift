import Glibc
import OctetGraph

/// y = (e^x − e^−x) / 2  (opset1)
package struct Sinh: ElementwiseUnary {
  package static let name = "Sinh"

  package init() {}

  package func apply(_ x: Double) -> Double { sinh(x) }
}
