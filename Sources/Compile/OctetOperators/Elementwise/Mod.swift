import Glibc
import OctetGraph

/// z = x − y · trunc(x / y): the remainder has the sign of x; for integers x mod 0 is 0.  (opset1)
package struct Mod: ElementwiseBinary {
  package static let name = "Mod"
  package var dequantizations: OperandDequantizations

  package init(_ dequantizations: OperandDequantizations = .init()) { self.dequantizations = dequantizations }

  package static func apply(_ x: Double, _ y: Double) -> Double { fmod(x, y) }
  package static func apply(_ x: Int64, _ y: Int64) -> Int64 {
    y == 0 ? 0 : x.remainderReportingOverflow(dividingBy: y).partialValue
  }
}
