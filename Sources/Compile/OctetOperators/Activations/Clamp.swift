package import OctetGraph
package import OctetKernels

/// y = min(max(x, minimum), maximum)  (opset1)
package struct Clamp: ElementwiseUnary {
  package static let name = "Clamp"
  package let minimum: Double
  package let maximum: Double

  package init(minimum: Double, maximum: Double) throws(OperatorError) {
    guard minimum <= maximum else {
      throw .mismatch("bounds of Clamp", expected: "min ≤ max", found: "\(minimum) and \(maximum)")
    }
    self.minimum = minimum
    self.maximum = maximum
  }

  package var attributes: String { "\(Float(minimum))…\(Float(maximum))" }
  package func apply(_ x: Double) -> Double { x.isNaN ? x : min(max(x, minimum), maximum) }

  package var kernelOperation: UnaryF32.Operation? { .clamp(Float(minimum)...Float(maximum)) }
}
