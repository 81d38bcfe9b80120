import OctetGraph
package import OctetKernels

/// y = −1, 0 or 1 as x is negative, zero or positive; NaN stays NaN  (opset1)
package struct Sign: ElementwiseUnary {
  package static let name = "Sign"

  package init() {}

  package func apply(_ x: Double) -> Double { x > 0 ? 1 : (x < 0 ? -1 : x) }

  package var kernelOperation: UnaryF32.Operation? { .sign }
}
