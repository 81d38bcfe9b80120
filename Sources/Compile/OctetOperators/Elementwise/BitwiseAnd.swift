import OctetGraph

/// z = x AND y, bit by bit  (opset13)
package struct BitwiseAnd: ElementwiseBitwise {
  package static let name = "BitwiseAnd"

  package init() {}

  package static func apply(_ x: Int64, _ y: Int64) -> Int64 { x & y }
}
