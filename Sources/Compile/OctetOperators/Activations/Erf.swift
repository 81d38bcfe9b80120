import Glibc
import OctetGraph
package import OctetKernels

/// y = 2/√π · ∫ e^−t² dt from 0 to x  (opset1)
package struct Erf: ElementwiseUnary {
  package static let name = "Erf"

  package init() {}

  package func apply(_ x: Double) -> Double { erf(x) }

  package var kernelOperation: UnaryF32.Operation? { .erf }
}
