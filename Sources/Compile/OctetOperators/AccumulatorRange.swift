/// How many products of u8 and s8 a 32-bit accumulator holds, whatever they are.
enum AccumulatorRange {
  /// 2³¹ / (255 · 128), with room for the compensation of a zero point, which sums as much once more.
  private static let maximumProducts = 32_896

  /// Why a sum of so many products may not run on integers; nil when it may.
  static func refusal(products count: Int) -> String? {
    count > maximumProducts ? "it sums \(count) products, more than 32 bits are sure to hold" : nil
  }
}
