package import OctetTensor

/// SplitMix64 (Steele, Lea and Flood, 2014): a failing test fails again.
package struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  package mutating func values(_ count: Int, in range: ClosedRange<Double> = -1...1) -> [Double] {
    (0..<count).map { _ in Double.random(in: range, using: &self) }
  }

  /// Uniform in `range`; integer types drop the fraction.
  package mutating func tensor(
    _ elementType: ElementType = .f32, _ shape: Shape, in range: ClosedRange<Double> = -1...1
  ) -> Tensor {
    Tensor(elementType, shape, converting: values(shape.elementCount, in: range))
  }
}
