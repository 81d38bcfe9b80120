import OctetGraph
package import OctetKernels

/// y = −x  (opset1)
package struct Negative: ElementwiseUnary {
  package static let name = "Negative"

  package init() {}

  package func apply(_ x: Double) -> Double { -x }

  package var kernelOperation: UnaryF32.Operation? { .negative }
}
