import Glibc
import OctetGraph

/// y = sin(x)  (opset1)
package struct Sin: ElementwiseUnary {
  package static let name = "Sin"

  package init() {}

  package func apply(_ x: Double) -> Double { sin(x) }
}
