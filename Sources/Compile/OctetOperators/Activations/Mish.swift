import Glibc
import OctetGraph
package import OctetKernels

/// y = x · tanh(ln(1 + e^x))  (opset4)
package struct Mish: ElementwiseUnary {
  package static let name = "Mish"

  package init() {}

  package func apply(_ x: Double) -> Double { x * tanh(log1p(exp(x))) }

  package var kernelOperation: UnaryF32.Operation? { .mish }
}
