import Glibc
import OctetGraph

/// Complex numbers and the discrete Fourier transform of them.
///
///     X[k] = Σ x[n] · e^(∓2πi·n·k/N)
struct Spectrum {
  /// A transform of N takes N times the sum of N's prime factors: larger ones are refused.
  private static let largestFactor = 1 << 12

  /// Real and imaginary part.
  typealias Complex = SIMD2<Double>

  /// The factors of N, the smallest first.
  private let factors: [Int]
  /// e^(∓2πi·k/N)
  private let roots: [Complex]

  init(length: Int, isInverse: Bool) throws(OperatorError) {
    var factors: [Int] = []
    var rest = length
    var factor = 2
    while rest > 1 {
      if factor * factor > rest { factor = rest }
      if rest % factor == 0 {
        factors.append(factor)
        rest /= factor
      } else {
        factor += 1
      }
    }
    guard factors.last ?? 1 <= Self.largestFactor else {
      throw .mismatch(
        "length of a Fourier transform", expected: "prime factors up to \(Self.largestFactor)", found: "\(length)")
    }
    self.factors = factors
    roots = (0..<length).map { index in
      let angle = (isInverse ? 2 : -2) * Double.pi * Double(index) / Double(length)
      return Complex(cos(angle), sin(angle))
    }
  }

  static func product(_ a: Complex, _ b: Complex) -> Complex { Complex(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x) }

  /// The transform, without a factor.
  func transformed(_ x: [Complex]) -> [Complex] { transformed(x, factors[...]) }

  /// By the first factor p: every p-th element is transformed by itself (Cooley and Tukey, 1965).
  private func transformed(_ x: [Complex], _ factors: ArraySlice<Int>) -> [Complex] {
    guard let factor = factors.first else { return x }
    let part = x.count / factor
    let parts = (0..<factor).map { first in
      transformed((0..<part).map { x[first + $0 * factor] }, factors.dropFirst())
    }
    let step = roots.count / x.count
    return x.indices.map { k in
      var sum = Complex()
      for (index, values) in parts.enumerated() {
        sum += Self.product(values[k % part], roots[index * k % x.count * step])
      }
      return sum
    }
  }
}
