import OctetGraph

/// y = whether x is infinite, of the signs that count  (opset10)
package struct IsInf: ElementwiseTest {
  package static let name = "IsInf"
  package let detectsNegative: Bool
  package let detectsPositive: Bool

  package init(detectsNegative: Bool, detectsPositive: Bool) {
    self.detectsNegative = detectsNegative
    self.detectsPositive = detectsPositive
  }

  package var attributes: String {
    [detectsNegative ? "negative" : nil, detectsPositive ? "positive" : nil].compactMap { $0 }.joined(separator: " ")
  }

  package func holds(_ x: Double) -> Bool { x.isInfinite && (x < 0 ? detectsNegative : detectsPositive) }
}
