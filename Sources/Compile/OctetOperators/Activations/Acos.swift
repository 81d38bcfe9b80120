import Glibc
import OctetGraph

/// y = arccos(x)  (opset1)
package struct Acos: ElementwiseUnary {
  package static let name = "Acos"

  package init() {}

  package func apply(_ x: Double) -> Double { acos(x) }
}
