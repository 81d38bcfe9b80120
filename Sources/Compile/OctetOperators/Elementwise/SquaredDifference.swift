import OctetGraph

/// z = (x − y)²  (opset1)
package struct SquaredDifference: ElementwiseBinary {
  package static let name = "SquaredDifference"
  package var dequantizations: OperandDequantizations

  package init(_ dequantizations: OperandDequantizations = .init()) { self.dequantizations = dequantizations }

  package static func apply(_ x: Double, _ y: Double) -> Double { (x - y) * (x - y) }
  package static func apply(_ x: Int64, _ y: Int64) -> Int64 { (x &- y) &* (x &- y) }
}
