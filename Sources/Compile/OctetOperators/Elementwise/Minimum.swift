import OctetGraph

/// z = min(x, y); NaN if either is  (opset1)
package struct Minimum: ElementwiseBinary {
  package static let name = "Minimum"
  package var dequantizations: OperandDequantizations

  package init(_ dequantizations: OperandDequantizations = .init()) { self.dequantizations = dequantizations }

  package static func apply(_ x: Double, _ y: Double) -> Double { x.isNaN || x < y ? x : y }
  package static func apply(_ x: Int64, _ y: Int64) -> Int64 { min(x, y) }
}
