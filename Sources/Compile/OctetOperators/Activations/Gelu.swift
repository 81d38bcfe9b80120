import Glibc
import OctetGraph
package import OctetKernels

/// y = x · Φ(x), Φ being the normal distribution  (opset2, opset7)
///
///     erf:  Φ(x) = ½ · (1 + erf(x / √2))
///     tanh: Φ(x) ≈ ½ · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))
package struct Gelu: ElementwiseUnary {
  package enum Approximation: String, CaseIterable, Sendable {
    case erf, tanh
  }

  package static let name = "Gelu"
  package let approximation: Approximation

  package init(approximation: Approximation) { self.approximation = approximation }

  package var attributes: String { approximation.rawValue }

  package func apply(_ x: Double) -> Double {
    switch approximation {
    case .erf: 0.5 * x * (1 + Glibc.erf(x / 2.0.squareRoot()))
    case .tanh: 0.5 * x * (1 + Glibc.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }
  }

  package var kernelOperation: UnaryF32.Operation? { approximation == .erf ? .geluErf : .geluTanh }
}
