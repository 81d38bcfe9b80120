import Glibc
import OctetGraph

/// y = tan(x)  (opset1)
package struct Tan: ElementwiseUnary {
  package static let name = "Tan"

  package init() {}

  package func apply(_ x: Double) -> Double { tan(x) }
}
