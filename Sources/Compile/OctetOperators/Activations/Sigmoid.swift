import Glibc
import OctetGraph
package import OctetKernels

/// y = 1 / (1 + e^−x)  (opset1)
package struct Sigmoid: ElementwiseUnary {
  package static let name = "Sigmoid"

  package init() {}

  package func apply(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  package var kernelOperation: UnaryF32.Operation? { .sigmoid }
}
