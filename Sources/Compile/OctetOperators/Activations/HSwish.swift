import OctetGraph
package import OctetKernels

/// y = x · min(max(x + 3, 0), 6) / 6  (opset4)
package struct HSwish: ElementwiseUnary {
  package static let name = "HSwish"

  package init() {}

  package func apply(_ x: Double) -> Double { x * min(max(x + 3, 0), 6) / 6 }

  package var kernelOperation: UnaryF32.Operation? { .hardSwish }
}
