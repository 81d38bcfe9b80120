import Glibc
import OctetGraph

/// y = artanh(x)  (opset4)
package struct Atanh: ElementwiseUnary {
  package static let name = "Atanh"

  package init() {}

  package func apply(_ x: Double) -> Double { atanh(x) }
}
