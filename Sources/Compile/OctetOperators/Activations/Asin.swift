import Glibc
import OctetGraph

/// y = arcsin(x)  (opset1)
package struct Asin: ElementwiseUnary {
  package static let name = "Asin"

  package init() {}

  package func apply(_ x: Double) -> Double { asin(x) }
}
