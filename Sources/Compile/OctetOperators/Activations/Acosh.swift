import Glibc
import OctetGraph

/// y = arcosh(x)  (opset4)
package struct Acosh: ElementwiseUnary {
  package static let name = "Acosh"

  package init() {}

  package func apply(_ x: Double) -> Double { acosh(x) }
}
