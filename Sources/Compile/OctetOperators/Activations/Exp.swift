import Glibc
import OctetGraph

/// y = e^x  (opset1)
package struct Exp: ElementwiseUnary {
  package static let name = "Exp"

  package init() {}

  package func apply(_ x: Double) -> Double { exp(x) }
}
