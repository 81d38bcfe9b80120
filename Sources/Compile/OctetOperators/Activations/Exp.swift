import Glibc
import OctetGraph
package import OctetKernels

/// y = e^x  (opset1)
package struct Exp: ElementwiseUnary {
  package static let name = "Exp"

  package init() {}

  package func apply(_ x: Double) -> Double { exp(x) }

  package var kernelOperation: UnaryF32.Operation? { .exp }
}
