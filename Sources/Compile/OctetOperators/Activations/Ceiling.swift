import OctetGraph
package import OctetKernels

/// y = ⌈x⌉  (opset1)
package struct Ceiling: ElementwiseUnary {
  package static let name = "Ceiling"

  package init() {}

  package func apply(_ x: Double) -> Double { x.rounded(.up) }

  package var kernelOperation: UnaryF32.Operation? { .ceiling }
}
