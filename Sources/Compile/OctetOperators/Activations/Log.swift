import Glibc
import OctetGraph

/// y = ln(x)  (opset1)
package struct Log: ElementwiseUnary {
  package static let name = "Log"

  package init() {}

  package func apply(_ x: Double) -> Double { log(x) }
}
