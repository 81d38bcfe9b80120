import OctetGraph

/// z = x OR y, bit by bit  (opset13)
package struct BitwiseOr: ElementwiseBitwise {
  package static let name = "BitwiseOr"

  package init() {}

  package static func apply(_ x: Int64, _ y: Int64) -> Int64 { x | y }
}
