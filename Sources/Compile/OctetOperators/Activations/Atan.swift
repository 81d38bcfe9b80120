import Glibc
import OctetGraph

/// y = arctan(x)  (opset1)
package struct Atan: ElementwiseUnary {
  package static let name = "Atan"

  package init() {}

  package func apply(_ x: Double) -> Double { atan(x) }
}
