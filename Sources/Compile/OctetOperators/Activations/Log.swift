import Glibc
import OctetGraph
package import OctetKernels

/// y = ln(x)  (opset1)
package struct Log: ElementwiseUnary {
  package static let name = "Log"

  package init() {}

  package func apply(_ x: Double) -> Double { log(x) }

  package var kernelOperation: UnaryF32.Operation? { .log }
}
