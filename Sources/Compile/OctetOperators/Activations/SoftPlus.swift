import Glibc
import OctetGraph
package import OctetKernels

/// y = ln(1 + e^x)  (opset4)
package struct SoftPlus: ElementwiseUnary {
  package static let name = "SoftPlus"

  package init() {}

  /// ln(1 + e^x) = max(x, 0) + ln(1 + e^−|x|), which does not overflow.
  package func apply(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

  package var kernelOperation: UnaryF32.Operation? { .softplus }
}
