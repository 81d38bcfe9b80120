package import OctetGraph

/// Philox 4×32-10: four numbers of 32 bits for each count, from a key and a counter  (Salmon et al., Parallel Random
/// Numbers: As Easy as 1, 2, 3, 2011).
struct Philox {
  private let key: UInt64
  private let counter: UInt64
  /// How many fours were drawn.
  private var count: UInt64 = 0

  init(_ seeds: RandomSeeds) { (key, counter) = (seeds.global, seeds.own) }

  mutating func next() -> SIMD4<UInt32> {
    var (n, c, k) = (Self.halves(count), Self.halves(counter), Self.halves(key))
    for _ in 0..<10 {
      let first = n.low.multipliedFullWidth(by: 0xD251_1F53), second = c.low.multipliedFullWidth(by: 0xCD9E_8D57)
      n = (second.high ^ n.high ^ k.low, second.low)
      c = (first.high ^ c.high ^ k.high, first.low)
      k = (k.low &+ 0x9E37_79B9, k.high &+ 0xBB67_AE85)
    }
    count &+= 1
    return SIMD4(n.low, n.high, c.low, c.high)
  }

  private static func halves(_ value: UInt64) -> (low: UInt32, high: UInt32) {
    (UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32))
  }
}

/// What a sequence of random numbers begins with: the same for every run.
package struct RandomSeeds: Hashable, Sendable {
  package let global: UInt64
  package let own: UInt64

  /// Without seeds every run would give other numbers.
  package init(global: Int, own: Int, of name: String) throws(OperatorError) {
    guard global != 0 || own != 0 else {
      throw .mismatch("seeds of \(name)", expected: "a global_seed or op_seed other than 0", found: "none")
    }
    (self.global, self.own) = (UInt64(bitPattern: Int64(global)), UInt64(bitPattern: Int64(own)))
  }

  /// `count` numbers of [0, 1) with the 23 fractional bits of f32.
  func uniforms(_ count: Int) -> [Float] {
    var philox = Philox(self)
    var values: [Float] = []
    values.reserveCapacity(count + 3)
    while values.count < count {
      let four = philox.next()
      for index in 0..<4 { values.append(Float(bitPattern: 127 << 23 | four[index] & 0x7F_FFFF) - 1) }
    }
    return Array(values.prefix(count))
  }
}
