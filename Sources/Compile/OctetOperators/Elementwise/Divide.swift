import OctetGraph

/// z = x / y; integers round towards minus infinity, as Python does, and x / 0 is 0 for them.  (opset1)
package struct Divide: ElementwiseBinary {
  package static let name = "Divide"
  package var dequantizations: OperandDequantizations

  package init(_ dequantizations: OperandDequantizations = .init()) { self.dequantizations = dequantizations }

  package static func apply(_ x: Double, _ y: Double) -> Double { x / y }
  package static func apply(_ x: Int64, _ y: Int64) -> Int64 {
    guard y != 0 else { return 0 }
    let (quotient, overflow) = x.dividedReportingOverflow(by: y)
    if overflow { return x }
    let (remainder, _) = x.remainderReportingOverflow(dividingBy: y)
    return remainder != 0 && (remainder < 0) != (y < 0) ? quotient - 1 : quotient
  }
}
