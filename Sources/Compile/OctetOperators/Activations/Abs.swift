import OctetGraph
package import OctetKernels

/// y = |x|  (opset1)
package struct Abs: ElementwiseUnary {
  package static let name = "Abs"

  package init() {}

  package func apply(_ x: Double) -> Double { abs(x) }

  package var kernelOperation: UnaryF32.Operation? { .abs }
}
