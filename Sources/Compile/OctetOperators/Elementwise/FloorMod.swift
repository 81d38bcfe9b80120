import Glibc
import OctetGraph

/// z = x − y · ⌊x / y⌋: the remainder has the sign of y; for integers x mod 0 is 0.  (opset1)
package struct FloorMod: ElementwiseBinary {
  package static let name = "FloorMod"
  package var dequantizations: OperandDequantizations

  package init(_ dequantizations: OperandDequantizations = .init()) { self.dequantizations = dequantizations }

  package static func apply(_ x: Double, _ y: Double) -> Double {
    let remainder = fmod(x, y)
    return remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder
  }

  package static func apply(_ x: Int64, _ y: Int64) -> Int64 {
    let remainder = Mod.apply(x, y)
    return remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder
  }
}
