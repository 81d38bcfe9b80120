import OctetGraph
package import OctetKernels

/// y = √x  (opset1)
package struct Sqrt: ElementwiseUnary {
  package static let name = "Sqrt"

  package init() {}

  package func apply(_ x: Double) -> Double { x.squareRoot() }

  package var kernelOperation: UnaryF32.Operation? { .sqrt }
}
