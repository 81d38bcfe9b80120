import OctetGraph
package import OctetKernels

/// y = x where x ≥ 0, slope · x elsewhere: PReLU with one slope that is known.
package struct LeakyReLU: ElementwiseUnary {
  package static let name = "PReLU"
  package let slope: Double

  package init(slope: Double) { self.slope = slope }

  package var attributes: String { "slope \(Float(slope))" }
  package func apply(_ x: Double) -> Double { x < 0 ? x * slope : x }

  package var kernelOperation: UnaryF32.Operation? { .leakyRelu(slope: Float(slope)) }
}
