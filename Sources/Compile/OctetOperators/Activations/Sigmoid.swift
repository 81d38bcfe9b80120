import Glibc
import OctetGraph

/// y = 1 / (1 + e^−x)  (opset1)
package struct Sigmoid: ElementwiseUnary {
  package static let name = "Sigmoid"

  package init() {}

  package func apply(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}
