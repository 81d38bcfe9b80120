import OctetGraph

/// z = whether exactly one of x and y is true  (opset1)
package struct LogicalXor: ElementwiseLogical {
  package static let name = "LogicalXor"

  package init() {}

  package static func apply(_ x: Bool, _ y: Bool) -> Bool { x != y }
}
