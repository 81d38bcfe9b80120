import Glibc
import OctetGraph
package import OctetKernels

/// y = λ · x for positive x, else λ · α · (e^x − 1); operands x, α, λ  (opset1)
package struct Selu: ParametricUnary {
  package static let name = "Selu"
  package static let parameterCounts = 2...2

  package init() {}

  package static func apply(_ x: Double, _ parameters: [Double]) -> Double {
    let (alpha, lambda) = (parameters[0], parameters[1])
    return lambda * (x > 0 ? x : alpha * expm1(x))
  }

  package static func kernelOperation(_ parameters: [Float]) -> UnaryF32.Operation? {
    .selu(alpha: parameters[0], lambda: parameters[1])
  }
}
