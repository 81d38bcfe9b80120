import OctetGraph
package import OctetKernels

/// y = min(max(x + 3, 0), 6) / 6  (opset5)
package struct HSigmoid: ElementwiseUnary {
  package static let name = "HSigmoid"

  package init() {}

  package func apply(_ x: Double) -> Double { min(max(x + 3, 0), 6) / 6 }

  package var kernelOperation: UnaryF32.Operation? { .hardSigmoid(alpha: 1.0 / 6, beta: 0.5) }
}
