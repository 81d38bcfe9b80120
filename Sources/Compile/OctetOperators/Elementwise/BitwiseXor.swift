import OctetGraph

/// z = x XOR y, bit by bit  (opset13)
package struct BitwiseXor: ElementwiseBitwise {
  package static let name = "BitwiseXor"

  package init() {}

  package static func apply(_ x: Int64, _ y: Int64) -> Int64 { x ^ y }
}
