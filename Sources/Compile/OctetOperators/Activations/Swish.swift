import Glibc
import OctetGraph
package import OctetKernels

/// y = x / (1 + e^−βx); operands x and, optionally, β, which is 1 by default  (opset4)
package struct Swish: ParametricUnary {
  package static let name = "Swish"
  package static let parameterCounts = 0...1

  package init() {}

  package static func apply(_ x: Double, _ parameters: [Double]) -> Double {
    x / (1 + exp(-(parameters.first ?? 1) * x))
  }

  package static func kernelOperation(_ parameters: [Float]) -> UnaryF32.Operation? {
    let beta = parameters.first ?? 1
    return beta > 0 ? .swish(beta: beta) : nil
  }
}
