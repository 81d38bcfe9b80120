import OctetGraph

/// z = x + y  (opset1)
package struct Add: ElementwiseBinary {
  package static let name = "Add"
  package var dequantizations: OperandDequantizations

  package init(_ dequantizations: OperandDequantizations = .init()) { self.dequantizations = dequantizations }

  package static func apply(_ x: Double, _ y: Double) -> Double { x + y }
  package static func apply(_ x: Int64, _ y: Int64) -> Int64 { x &+ y }
}
