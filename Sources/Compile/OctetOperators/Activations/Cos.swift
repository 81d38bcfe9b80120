import Glibc
import OctetGraph

/// y = cos(x)  (opset1)
package struct Cos: ElementwiseUnary {
  package static let name = "Cos"

  package init() {}

  package func apply(_ x: Double) -> Double { cos(x) }
}
