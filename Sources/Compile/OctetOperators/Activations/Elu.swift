import Glibc
import OctetGraph
package import OctetKernels

/// y = x for positive x, else alpha · (e^x − 1)  (opset1)
package struct Elu: ElementwiseUnary {
  package static let name = "Elu"
  package let alpha: Double

  package init(alpha: Double) { self.alpha = alpha }

  package var attributes: String { "alpha \(Float(alpha))" }
  package func apply(_ x: Double) -> Double { x > 0 ? x : alpha * expm1(x) }

  package var kernelOperation: UnaryF32.Operation? { .elu(alpha: Float(alpha)) }
}
