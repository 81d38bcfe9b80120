import Glibc
import OctetGraph

/// z = x^y; integers wrap around  (opset1)
package struct Power: ElementwiseBinary {
  package static let name = "Power"
  package var dequantizations: OperandDequantizations

  package init(_ dequantizations: OperandDequantizations = .init()) { self.dequantizations = dequantizations }

  package static func apply(_ x: Double, _ y: Double) -> Double { pow(x, y) }

  /// By squaring; the fraction of a negative power is dropped.
  package static func apply(_ x: Int64, _ y: Int64) -> Int64 {
    if y < 0 { return x == 1 ? 1 : (x == -1 ? (y % 2 == 0 ? 1 : -1) : 0) }
    var (result, base, exponent) = (Int64(1), x, y)
    while exponent > 0 {
      if exponent & 1 == 1 { result = result &* base }
      base = base &* base
      exponent >>= 1
    }
    return result
  }
}
