import Glibc
import OctetGraph
package import OctetKernels

/// y = tanh(x)  (opset1)
package struct Tanh: ElementwiseUnary {
  package static let name = "Tanh"

  package init() {}

  package func apply(_ x: Double) -> Double { tanh(x) }

  package var kernelOperation: UnaryF32.Operation? { .tanh }
}
