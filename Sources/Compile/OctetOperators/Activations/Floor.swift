import OctetGraph
package import OctetKernels

/// y = ⌊x⌋  (opset1)
package struct Floor: ElementwiseUnary {
  package static let name = "Floor"

  package init() {}

  package func apply(_ x: Double) -> Double { x.rounded(.down) }

  package var kernelOperation: UnaryF32.Operation? { .floor }
}
